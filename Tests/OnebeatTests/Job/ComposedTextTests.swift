import Testing

@testable import Onebeat

/// Names that look alike are alike: stores compare bytes.
struct ComposedTextTests {
    private let decomposed = "cafe\u{301}"
    private let composed = Array("caf\u{e9}".utf8)

    @Test func queuesAreKeptComposed() {
        var policies = JobPolicies()
        policies.queue = decomposed
        #expect(Array(policies.queue.utf8) == composed)
        #expect(NodeSettings(name: "a", queues: [decomposed]).queues.map { Array($0.utf8) } == [composed])
    }

    @Test func locksAreKeptComposed() { #expect(Array(LockName(job: decomposed).job.utf8) == composed) }
}
