/** Where the state of mappers, queue and jobs is: a Postgres server, or a folder with a Postgres inside this process. */
export type StateLocation = { readonly url: string } | { readonly folder: string }
