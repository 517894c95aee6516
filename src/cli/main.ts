process.stderr.write('lethe: no command yet\n')
process.exitCode = 2
