import OnebeatTesting
import Testing

@testable import Onebeat

struct LockLengthTests {
    @Test(arguments: [
        (Duration.seconds(30) as Duration?, Duration.seconds(1) as Duration?, Duration.seconds(90)),
        (.seconds(3), .seconds(100), .seconds(10)),
        (nil, .seconds(100), .seconds(300)),
        (nil, .milliseconds(5), .seconds(10)),
        (nil, .seconds(86_400), .seconds(86_400)),
        (nil, nil, .seconds(10)),
        (.seconds(86_400), nil, .seconds(259_200)),
    ])
    func threeTimesWhatIsUsual(_ expect: Duration?, _ p95: Duration?, _ length: Duration) {
        #expect(LockLength.decide(expect: expect, p95: p95).length == length)
    }

    @Test func nineteenOfTwentyRunsTookNoLonger() {
        func runs(_ lengths: [Double]) -> [Run] {
            lengths.map { length in
                .example {
                    $0.startedAt = ManualTime.start
                    $0.finishedAt = ManualTime.start + .seconds(length)
                }
            }
        }
        #expect(LockLength.p95(of: runs((1...100).map(Double.init).shuffled())) == .seconds(95))
        #expect(LockLength.p95(of: runs((1...20).map(Double.init))) == .seconds(19))
        #expect(LockLength.p95(of: runs([7])) == .seconds(7))
        #expect(LockLength.p95(of: [.example()]) == nil)
    }

    @Test(arguments: [
        (Duration.seconds(30) as Duration?, nil as Duration?, "1m30s: 3 × expect (30s)"),
        (.seconds(2), nil, "10s: the shortest, since 3 × expect (2s) is less"),
        (nil, .seconds(100), "5m: 3 × what 19 of 20 runs took at most (1m40s)"),
        (nil, .milliseconds(1500), "10s: the shortest, since 3 × what 19 of 20 runs took at most (1s500ms) is less"),
        (nil, nil, "10s: the shortest, until a run has shown how long it takes"),
    ])
    func itSaysWhereItComesFrom(_ expect: Duration?, _ p95: Duration?, _ words: String) {
        #expect(LockLength.decide(expect: expect, p95: p95).words == words)
    }

    @Test func aTokenTellsItsBoot() {
        let token = LockToken(NodeID(name: "rack/7", boot: "b00t"), nonce: "n").description
        #expect(token == "rack/7/b00t/n")
        #expect(LockToken.boot(in: token) == "b00t")
        #expect(LockToken.boot(in: "3f2a9c") == nil)
        #expect(LockToken.boot(in: "a/b") == nil)
    }
}
