import Glibc

exit(InstructionDriver.run(Array(CommandLine.arguments.dropFirst())))
