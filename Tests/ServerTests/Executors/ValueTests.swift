import Foundation
import Onebeat
import Testing

@testable import OnebeatServer

@Suite(.timeLimit(.minutes(1))) struct ValueTests {
    @Test func aProcessIsGivenValuesAndHandsOneOn() async throws {
        let fixture = try ExecutorFixture()
        let given = try RunValue(["de": 3])
        let work = Work.shell(
            #"cat "$ONEBEAT_INPUT"; echo " [1, \"日\"] " > "$ONEBEAT_OUTPUT"; echo " ${ONEBEAT_OUTPUT%/*}""#, .init())
        let (outcome, sink) = await fixture.run(work, input: ["extract \"2\"": given])
        #expect(outcome == .succeeded)
        let said = sink.text().split(separator: " /")
        #expect(said.first == #"{"extract \"2\"": {"de":3}}"#)
        #expect(sink.value?.json == "[1, \"日\"]")
        #expect(try sink.value?.decode() == JSONValue.array([.int(1), "日"]))
        // Nothing stays behind.
        let folder = "/" + (said.last ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(folder.contains("onebeat-run-") && !FileManager.default.fileExists(atPath: folder))
        await fixture.guardian.shutdown()
    }

    @Test(
        arguments: [
            ("true", nil),
            (": > $ONEBEAT_OUTPUT", nil),
            ("echo '{\"a\":' > $ONEBEAT_OUTPUT", "it is not JSON"),
            ("head -c 70000 /dev/zero | tr '\\0' 1 > $ONEBEAT_OUTPUT", "more than 65536 bytes"),
            ("head -c 60000 /dev/zero | tr '\\0' '[' > $ONEBEAT_OUTPUT", "in one another more than 64 times"),
            ("printf '\"\\377\"' > $ONEBEAT_OUTPUT", "it is not UTF-8"),
            // Other encodings of JSON: no database takes the one as text, and in the middle of a text nobody reads the other.
            ("printf '1\\0' > $ONEBEAT_OUTPUT", "a control character"),
            ("printf '\\357\\273\\2771' > $ONEBEAT_OUTPUT", "a byte order mark"),
            ("ln -s /etc/hostname $ONEBEAT_OUTPUT", "cannot be read"),
            ("mkfifo $ONEBEAT_OUTPUT", "is no file of the job's own"),
            ("mkdir $ONEBEAT_OUTPUT", "is no file of the job's own"),
        ] as [(String, String?)])
    func whatAProcessLeavesIsNotTrusted(line: String, trouble: String?) async throws {
        let fixture = try ExecutorFixture()
        let (outcome, sink) = await fixture.run(line)
        #expect(sink.value == nil)
        if let trouble {
            #expect(outcome.failure?.message.contains(trouble) == true, "\(outcome)")
            #expect(outcome.failure?.message.contains("$ONEBEAT_OUTPUT") == true, "\(outcome)")
        } else {
            #expect(outcome == .succeeded)
        }
        await fixture.guardian.shutdown()
    }

    @Test func whatKilledNodesLeftIsRemovedAndNothingElse() throws {
        let base = NSTemporaryDirectory() + "sweep-\(UUID().uuidString)"
        let elsewhere = base + "-elsewhere"
        let files = FileManager.default
        for folder in [base, elsewhere] { try files.createDirectory(atPath: folder, withIntermediateDirectories: true) }
        defer { for folder in [base, elsewhere] { try? files.removeItem(atPath: folder) } }
        try "kept".write(toFile: elsewhere + "/input.json", atomically: true, encoding: .utf8)
        func leave(_ name: String, holding held: [String] = [], isOld: Bool = true) throws {
            try files.createDirectory(atPath: "\(base)/\(name)", withIntermediateDirectories: true)
            for file in held { try "1".write(toFile: "\(base)/\(name)/\(file)", atomically: false, encoding: .utf8) }
            guard isOld else { return }
            try files.setAttributes([.modificationDate: Date() - 3600], ofItemAtPath: "\(base)/\(name)")
        }
        try leave("onebeat-run-aaaaaa", holding: ["input.json", "output.json"])
        try leave("onebeat-run-bbbbbb", holding: ["input.json", "of the job"])
        try leave("onebeat-run-cccccc", isOld: false)
        try leave("onebeat-run-dddddd-else")
        try files.createSymbolicLink(atPath: base + "/onebeat-run-eeeeee", withDestinationPath: elsewhere)
        try leave("onebeat-run-ffffff")
        try files.createSymbolicLink(
            atPath: base + "/onebeat-run-ffffff/input.json", withDestinationPath: elsewhere + "/input.json")
        try leave("onebeat-run-ffffff")
        // One of a node that lives.
        let alive = try ValueFolder(giving: [:], to: nil, within: base)
        let folder = (alive.input as NSString).deletingLastPathComponent
        try files.setAttributes([.modificationDate: Date() - 3600], ofItemAtPath: folder)

        #expect(ValueFolder.sweep(base) == 2)
        let left = try files.contentsOfDirectory(atPath: base).sorted()
        #expect(
            left
                == ([
                    "onebeat-run-bbbbbb", "onebeat-run-cccccc", "onebeat-run-dddddd-else", "onebeat-run-eeeeee",
                    (folder as NSString).lastPathComponent,
                ]).sorted())
        #expect(files.contents(atPath: elsewhere + "/input.json") == Data("kept".utf8))
        #expect(files.fileExists(atPath: base + "/onebeat-run-bbbbbb/of the job"))
        alive.remove()
        #expect(ValueFolder.sweep("/no/such/folder") == 0)
    }

    @Test func whereThereIsNoRoomForValuesAJobThatNeedsNoneRunsAllTheSame() async throws {
        let fixture = try ExecutorFixture(environment: ["PATH": "/usr/bin:/bin", "TMPDIR": "/no/such/folder"])
        let (outcome, sink) = await fixture.run("test -z \"$ONEBEAT_OUTPUT\"")
        #expect(outcome == .succeeded)
        #expect(sink.text(.note).contains("can be made in /no/such/folder: No such file or directory"))
        let (other, _) = await fixture.run(.shell("true", .init()), input: ["a": try RunValue(1)])
        #expect(other.failure?.message.contains("give the node a TMPDIR") == true)
        await fixture.guardian.shutdown()
    }

    @Test func aRelativePlaceForTemporaryFilesIsNone() async throws {
        let fixture = try ExecutorFixture(environment: ["PATH": "/usr/bin:/bin", "TMPDIR": "."])
        var settings = ProcessSettings()
        settings.directory = "/"
        let (outcome, sink) = await fixture.run(.shell("echo 1 > $ONEBEAT_OUTPUT", settings))
        #expect(outcome == .succeeded)
        #expect(sink.value?.json == "1")
        await fixture.guardian.shutdown()
    }

    @Test func aFailedProcessHandsNothingOn() async throws {
        let fixture = try ExecutorFixture()
        let (outcome, sink) = await fixture.run("echo 1 > $ONEBEAT_OUTPUT; exit 3")
        #expect(outcome == .failed(Failure("exit code 3", exitCode: 3)))
        #expect(sink.value == nil)
        await fixture.guardian.shutdown()
    }
}
