import Commands
import Testing

@Suite struct TransactionCommandsTests {
    @Test func aTransactionWithoutCommandsAnswersAnEmptyArray() {
        let server = Harness([])
        #expect(server.run("MULTI") == "+OK\r\n")
        #expect(server.run("EXEC") == "*0\r\n")
        #expect(server.run("exec") == "-ERR EXEC without MULTI\r\n")
        #expect(server.run("WATCH") == "-ERR wrong number of arguments for 'watch' command\r\n")
    }
}
