/**
 * A certificate that is nobody's but the tests', for localhost and 127.0.0.1, with its key; made once by
 * `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=localhost
 * -addext subjectAltName=DNS:localhost,IP:127.0.0.1`.
 */
export const testCertificate = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgO7komIikS9YGUOfr
Ro2iHpj3cD44bnblKHuaMrlMuQGhRANCAAQareEyQT0Znhjwm9ab+A6j4heU+qzc
SKmaIuebwmGKvIJngG0+qGj0C7zDUY8dkbxCQYx+LsWR/9+gPDOXqW/K
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUO26kniPNrj/gyZwJKsyftNw53HowCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNTA1NTgxMloYDzIxMjYxMTAx
MDU1ODEyWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQareEyQT0Znhjwm9ab+A6j4heU+qzcSKmaIuebwmGKvIJngG0+qGj0
C7zDUY8dkbxCQYx+LsWR/9+gPDOXqW/Ko28wbTAdBgNVHQ4EFgQUhEf8ZzQU832A
6m+N8Z1u4sKey4kwHwYDVR0jBBgwFoAUhEf8ZzQU832A6m+N8Z1u4sKey4kwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIgL40GFfKKoLecw5OQmmQG+Ol+gvsVqTsZ1tVksYuSrLACIQDj
9j0NVKOAiWmQr/Orf6O3Redv03zwW0ZZl1rZRshA/A==
-----END CERTIFICATE-----
`,
}
