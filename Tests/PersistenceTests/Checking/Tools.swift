import Glibc
import TestSupport
import Testing

/// What `freshet-check` says. The binary is named by `FRESHET_CHECK`, or is the one that was built with the tests.
func freshetCheck(_ arguments: String..., input: String = "") throws -> ProgramResult {
    let built = #filePath.split(separator: "/").dropLast(4).map { "/\($0)" }.joined() + "/.build/debug/freshet-check"
    let path = getenv("FRESHET_CHECK").map { String(cString: $0) } ?? built
    return try #require(run([path] + arguments, input: input))
}

/// Has a redis-server execute commands, a line each, and end; its files stay in the folder.
func runRedis(in folder: TemporaryFolder, _ directives: String..., commands: String) throws {
    folder.write("commands", commands)
    let settings = (["--save ''"] + directives).joined(separator: " ")
    let script = """
        cd \(folder.path) && redis-server --port 0 --unixsocket s --daemonize yes --logfile log \(settings) >/dev/null
        for i in $(seq 100); do redis-cli -s s ping >/dev/null 2>&1 && break; sleep 0.02; done
        redis-cli -s s <commands >replies && redis-cli -s s shutdown nosave
        for i in $(seq 100); do [ -e s ] || break; sleep 0.02; done
        """
    let result = try #require(run(["sh", "-c", script]))
    try #require(result.status == 0, "\(result.output) \(result.errors)")
}

/// What a redis-server that loads the folder's files answers to commands, a line each; nil where it does not start.
func repliesOfRedis(in folder: TemporaryFolder, _ directives: String..., commands: String) throws -> String? {
    folder.write("commands", commands)
    let settings = (["--save ''"] + directives).joined(separator: " ")
    let script = """
        cd \(folder.path) && redis-server --port 0 --unixsocket s --daemonize yes --logfile log \(settings) >/dev/null
        for i in $(seq 50); do redis-cli -s s ping >/dev/null 2>&1 && break; sleep 0.02; done
        redis-cli -s s <commands && redis-cli -s s shutdown nosave
        """
    let result = try #require(run(["sh", "-c", script]))
    return result.status == 0 ? result.output : nil
}
