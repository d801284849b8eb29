import Onebeat
import Testing

@testable import OnebeatServer

/// What every import has in common: whatever came in, what comes out is a file that can be read.
struct ImportedFileTests {
    private func job(_ name: String, after parents: [String] = [], _ change: (inout ImportedJob) -> Void = { _ in })
        -> ImportedJob
    {
        var job = ImportedJob(name, what: "what it does")
        job.after = parents
        if parents.isEmpty { job.set("every", "1h") }
        job.set("run", "true")
        change(&job)
        return job
    }

    private func file(_ jobs: [ImportedJob]) throws -> ImportedFile {
        let file = try ImportedFile(heading: "From a test.", scheduler: "Other", jobs: jobs)
        guard file.jobCount > 0 else { return file }
        let read = try ConfigurationFile.parse(file.yaml, path: "f", environment: [:], now: Timestamp(seconds: 0))
        #expect(read.jobs.count == file.jobCount, "\(file.yaml)")
        return file
    }

    @Test func whatTheConfigurationDoesNotTakeIsAComment() throws {
        let file = try file([
            job("good"), job("zone") { $0.set("timezone", "Mars/Base") }, job("length") { $0.set("deadline", "soon") },
            job("twice") { $0.set("cron", "61 * * * *") },
        ])
        #expect(file.jobCount == 1)
        #expect(file.yaml.contains("  # zone: what it does, not carried over:\n  #   timezone"), "\(file.yaml)")
        #expect(file.remarks.contains { $0.hasPrefix("length is not carried over: deadline") }, "\(file.remarks)")
        #expect(file.remarks.contains { $0.hasPrefix("twice is not carried over: ") })
    }

    @Test func followersGoWhereWhatTheyFollowGoes() throws {
        let file = try file([
            job("c", after: ["b"]), job("b", after: ["a"]), job("a"), job("off") { $0.isDisabled = true },
            job("below", after: ["off"]), job("orphan", after: ["nobody"]), job("x", after: ["y"]),
            job("y", after: ["x"]),
            job("other"), job("both", after: ["a", "other"]), job("under", after: ["both"]),
            job("diamond", after: ["b", "c"]),
        ])
        #expect(file.jobCount == 5, "a, b, c, other and diamond: \(file.yaml)")
        for remark in [
            "below is not carried over: it follows off, which is disabled",
            "orphan is not carried over: it follows nobody, which is not there",
            "x is not carried over: it follows y, which no schedule leads to",
            "both is not carried over: it follows two schedules, a and other",
            "under is not carried over: it follows both, which is not carried over", "off is disabled in Other",
        ] {
            #expect(file.remarks.contains { $0.hasPrefix(remark) }, "\(remark) is not in \(file.remarks)")
        }
    }

    @Test func namesAreMadeFitAndStayApart() throws {
        let file = try file([job("a b"), job("a-b"), job("a b"), job("later", after: ["a b"]), job("…")])
        for line in ["  a-b:", "  a-b-2:", "  a-b-3:", "after: [\"a-b\"]", "# In Other: a b", "  job:"] {
            #expect(file.yaml.contains(line), "\(line) is not in \(file.yaml)")
        }
    }

    @Test func noTextLeavesItsComment() throws {
        let name = "x\n  evil:\n    run: rm -rf /"
        let file = try file([
            job("a"), job(name) { $0.problems = [name] },
            job("b") {
                $0.left = [name]
                $0.notes = [name]
                $0.comments = [name, "\u{85}  evil: {}", "\u{2028}  evil: {}"]
            },
        ])
        #expect(file.jobCount == 2)
    }

    @Test func tooManyJobsAreRefused() {
        let jobs = Array(repeating: ImportedJob("a", what: ""), count: ImportedFile.mostJobs + 1)
        #expect(throws: ImportError.self) { try ImportedFile(heading: "", scheduler: "", jobs: jobs) }
    }
}
