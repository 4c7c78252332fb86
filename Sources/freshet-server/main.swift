import Glibc
import Server

exit(ServerMain.run(Array(CommandLine.arguments.dropFirst())))
