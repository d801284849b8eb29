import OnebeatTesting
import Testing

@testable import Onebeat
@testable import OnebeatRedis

@Suite(.timeLimit(.minutes(1)))
struct WatchedCommandTests {
    @Test func aLineIsReadAsMonitorWritesIt() throws {
        let line = #"1339518083.107412 [3 127.0.0.1:60866] "LPUSH" "mail\x06\x163" "{\"a\": \"b\\\\c\n\"}""#
        let command = try #require(WatchedCommand(line, verb: "lpush"))
        #expect(command.at == Timestamp(microseconds: 1_339_518_083_107_412))
        #expect(command.database == 3 && command.sender == "127.0.0.1:60866")
        #expect(command.words == ["LPUSH", "mail\u{6}\u{16}3", "{\"a\": \"b\\\\c\n\"}"])
    }

    @Test func aSenderMayHaveBracketsOfItsOwn() throws {
        let command = try #require(WatchedCommand(#"1.000000 [0 [::1]:39842] "lpush" "q" "x""#, verb: "lpush"))
        #expect(command.sender == "[::1]:39842" && command.words == ["lpush", "q", "x"])
        #expect(WatchedCommand(#"1.000000 [0 lua] "lpush" "q""#, verb: "lpush")?.sender == "lua")
    }

    @Test(arguments: [
        "", "OK", "1.000000", "1.000000 [0 x]", #"1.000000 [0 x] "get" "a""#, #"1.000000 [x y] "lpush""#,
        #"1.5 [0 x] "lpush""#, #"1.000000 [0 x] "lpush" "a"#, #"1.000000 [0 x] "lpush" a"#,
        #"1.000000 [0 x] "lpush" "\x6""#, #"99999999999999999999.000000 [0 x] "lpush""#, #"1.000000 [0 x] "lpush" "\"#,
    ])
    func whatIsNoSuchLineIsNone(_ line: String) {
        #expect(WatchedCommand(line, verb: "lpush") == nil)
    }

    /// Over the wire, with a command longer than any answer's line may be.
    @Test func aServerTellsWhatItIsAsked() async throws {
        let server = try RedisServer()
        let client = RedisClient(try RedisAddress("redis://127.0.0.1:\(server.port)"), patience: .seconds(5))
        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        let monitor = try await RedisMonitor.open(by: client) { continuation.yield($0) }
        let long = String(repeating: "x", count: 3 * ReplyParser.longestLine)
        _ = try await client.send([RedisCommand("LPUSH", "a", long), RedisCommand("ECHO", "end")])
        var pushed: [String] = []
        for await line in lines {
            if let command = WatchedCommand(line, verb: "lpush") { pushed = command.words }
            if WatchedCommand(line, verb: "echo") != nil { break }
        }
        #expect(pushed == ["LPUSH", "a", long])
        monitor.close()
        await client.close()
    }

    @Test func whoMayNotWatchIsToldWhatItTakes() async throws {
        let server = try RedisServer()
        try server.ask("ACL", "SETUSER", "ann", "on", ">hush", "~*", "+@all", "-monitor")
        let client = RedisClient(
            try RedisAddress("redis://ann:hush@127.0.0.1:\(server.port)"), patience: .seconds(5))
        let error = await #expect(throws: RedisError.self) { _ = try await RedisMonitor.open(by: client) { _ in } }
        #expect(error?.description.contains("its user needs monitor") == true, "\(String(describing: error))")
        await client.close()
    }
}
