import Onebeat
import Testing

@testable import OnebeatCLI
@testable import OnebeatServer

@Suite("The live picture") struct StatusPictureTests {
    private static let now = Timestamp(seconds: 1_795_435_200)

    private func reading(jobs: Int, running: Int) -> StatusPicture.Seen {
        let lines = (0..<jobs).map { number in
            let name = "job\(number)-with-a-name-that-is-not-short"
            let definition = JobDefinition(name: name, schedule: .manual, work: .shell("true", ProcessSettings()))
            return HealthReader.Line(
                job: JobRecord(definition: definition, watermark: Self.now, nextAt: nil, createdAt: Self.now),
                status: nil,
                health: JobHealth(job: name, .failing, "exit code 1; last line: \u{1b}[2J no space left", streak: 1))
        }
        let runs = (0..<running).map { number -> Run in
            var run = Run(
                id: RunID(Int64(number)), version: JobVersion(job: "long", generation: 1, version: 1),
                scheduledAt: Self.now,
                dueAt: Self.now, state: .running)
            run.startedAt = Self.now - .seconds(90)
            return run
        }
        let node = NodeRecord(
            id: NodeID(name: "a", boot: "1"), leaseUntil: Self.now + .seconds(9), slots: 4, queues: [], isLeader: true,
            version: "1", processID: 1)
        let reading = HealthReader.Reading(now: Self.now, nodes: [node], lines: lines, running: runs)
        return StatusPicture.Seen(
            standing: StandingResource(reading, limit: 100), nodes: [NodeResource(node, now: Self.now)], running: runs)
    }

    @Test(arguments: [(0, 0), (1, 0), (0, 1), (40, 0), (0, 40), (40, 40)], [3, 5, 10, 24, 100])
    func itFitsItsTerminal(_ counts: (Int, Int), height: Int) {
        let terminal = Terminal(isInteractive: true, hasColour: false, width: 100)
        let picture = StatusPicture(terminal: terminal, clock: Clock(.clock(of: "UTC"), now: Self.now))
        let lines = picture.lines(of: reading(jobs: counts.0, running: counts.1), height: height)
        #expect(lines.count <= height)
        for line in lines { #expect(line.text.columns <= 100 && !line.text.contains("\u{1b}"), "\(line.text)") }
        if height >= 24 {
            let text = lines.map(\.text).joined(separator: "\n")
            #expect(text.contains("1 node, a leads; \(counts.1) of 4 slots taken"))
            if counts.0 > 0 { #expect(text.contains("failing")) }
            if counts.1 > 0 { #expect(text.contains("1m 30s")) }
        }
    }
}
