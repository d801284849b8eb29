import Onebeat
import Testing

@testable import OnebeatServer

struct QuartzImportTests {
    private func imported(_ text: String) throws -> (file: ImportedFile, jobs: [String: JobDefinition]) {
        let file = try QuartzImport.file(text, name: "quartz", timezone: "Europe/Berlin")
        guard file.jobCount > 0 else { return (file, [:]) }
        let read = try ConfigurationFile.parse(file.yaml, path: "f", environment: [:], now: Timestamp(seconds: 0))
        return (file, Dictionary(read.jobs.map { ($0.name, $0) }) { first, _ in first })
    }

    @Test func linesAreExpressionsWithOrWithoutAName() throws {
        let (file, jobs) = try imported(
            """
            # what runs at night
            nightly = 0 0 3 ? * MON-FRI
            jobs.report.cron="0 15 10 ? * 6#3 2026-2030"

            ! a comment of a file of properties
            0 0/5 * * * ?
            wrong = 0 0 3 * * *
            """)
        #expect(jobs["nightly"]?.schedule.rhythm == .cron(["0 0 3 ? * MON-FRI"]))
        #expect(jobs["nightly"]?.schedule.dialect == .quartz && jobs["nightly"]?.schedule.timezone == "Europe/Berlin")
        #expect(jobs["jobs.report.cron"]?.schedule.rhythm == .cron(["0 15 10 ? * 6#3 2026-2030"]))
        #expect(jobs["line-6"] != nil && jobs.count == 3)
        #expect(
            file.remarks.contains { $0.contains("wrong is not carried over: cron Quartz wants ?") }, "\(file.remarks)")
    }

    /// The form that Quartz' `XMLSchedulingDataProcessorPlugin` reads.
    @Test func theXMLOfJobSchedulingDataIsRead() throws {
        let (file, jobs) = try imported(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <job-scheduling-data xmlns="http://www.quartz-scheduler.org/xml/JobSchedulingData" version="2.0">
              <!-- <job><name>not</name></job> -->
              <schedule>
                <job>
                  <name>backup</name><group>night</group><description>A &amp; B</description>
                  <job-class>com.example.Backup</job-class>
                  <job-data-map><entry><key>name</key><value>x</value></entry></job-data-map>
                </job>
                <job><name>poll</name><group>DEFAULT</group><job-class>com.example.Poll</job-class></job>
                <job><name>idle</name></job>
                <trigger><cron>
                  <name>t1</name><group>g</group><job-name>backup</job-name><job-group>night</job-group>
                  <priority>7</priority><start-time>2026-01-01T00:00:00Z</start-time>
                  <misfire-instruction>MISFIRE_INSTRUCTION_DO_NOTHING</misfire-instruction>
                  <cron-expression><![CDATA[0 0 3 ? * 2-6]]></cron-expression><time-zone>America/New_York</time-zone>
                </cron></trigger>
                <trigger><simple>
                  <name>t2</name><job-name>poll</job-name><repeat-count>-1</repeat-count><repeat-interval>5000</repeat-interval>
                </simple></trigger>
                <trigger><calendar-interval><name>t3</name><job-name>poll</job-name></calendar-interval></trigger>
              </schedule>
            </job-scheduling-data>
            """)
        let backup = try #require(jobs["night/backup"])
        #expect(backup.schedule.rhythm == .cron(["0 0 3 ? * 2-6"]) && backup.schedule.timezone == "America/New_York")
        #expect(backup.policies.missed == .skip && backup.description == "A & B")
        #expect(backup.schedule.start == Timestamp(iso8601: "2026-01-01T00:00:00Z"))
        #expect(jobs["poll"]?.schedule.rhythm == .every(.seconds(5)) && jobs.count == 2)
        #expect(file.yaml.contains("# In Quartz it runs com.example.Backup."))
        for words in ["a job-data-map", "priority 7", "calendar-interval", "no trigger of this file", "line 21"] {
            #expect((file.remarks + [file.yaml]).contains { $0.contains(words) }, "\(words) is not in \(file.remarks)")
        }
    }

    @Test(arguments: [
        ("", "no cron expression"), ("# nothing\n", "no cron expression"), ("<a><b></a>", "line 1: </a> closes <b>"),
        ("<a>", "<a> is not closed"), ("<a", "a tag is not closed"), ("<a/>", "no cron expression"),
        ("\n<!DOCTYPE x [<!ENTITY a \"b\">]><a/>", "line 2: a document type"),
        (String(repeating: "<a>", count: 100), "nested too deeply"),
    ])
    func whatIsNoneIsRefused(_ text: String, _ words: String) {
        let error = #expect(throws: ImportError.self) { try QuartzImport.file(text, name: "quartz", timezone: "UTC") }
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    }
}
