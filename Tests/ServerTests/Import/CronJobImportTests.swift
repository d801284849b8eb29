import Onebeat
import Testing

@testable import OnebeatServer

/// CronJobs as Kubernetes' manual writes them, and as kubectl prints them.
struct CronJobImportTests {
    private func imported(_ text: String) throws -> (file: ImportedFile, jobs: [String: JobDefinition]) {
        let file = try CronJobImport.file(text, name: "jobs.yaml")
        guard file.jobCount > 0 else { return (file, [:]) }
        let read = try ConfigurationFile.parse(file.yaml, path: "f", environment: [:], now: Timestamp(seconds: 0))
        return (file, Dictionary(read.jobs.map { ($0.name, $0) }) { first, _ in first })
    }

    /// A CronJob whose spec has these lines.
    private func job(_ spec: String) throws -> (file: ImportedFile, job: JobDefinition?) {
        let (file, jobs) = try imported(
            "kind: CronJob\nmetadata: {name: a}\nspec:\n" + spec.split(separator: "\n").map { "  \($0)\n" }.joined())
        return (file, jobs["a"])
    }

    @Test func allThatSaysWhenAndWhatThenComesAlong() throws {
        let (file, jobs) = try imported(
            """
            # a file of several documents
            apiVersion: v1
            kind: ConfigMap
            metadata:
              name: settings
            ---
            apiVersion: batch/v1
            kind: CronJob
            metadata:
              name: hello
              namespace: shop
            spec:
              schedule: "30 2 * * 1-5"
              timeZone: Europe/Berlin
              concurrencyPolicy: Replace
              startingDeadlineSeconds: 200
              successfulJobsHistoryLimit: 3
              jobTemplate:
                spec:
                  backoffLimit: 3
                  activeDeadlineSeconds: 600
                  parallelism: 2
                  template:
                    spec:
                      restartPolicy: OnFailure
                      initContainers:
                      - {name: first, image: "busybox:1.27", args: [warm up]}
                      containers:
                      - name: hello
                        image: busybox:1.28
                        command:
                        - /bin/sh
                        - -c
                        - date; echo Hello from the Kubernetes cluster
            ---
            kind: List
            items:
            - kind: CronJob
              metadata: {name: idle}
              spec: {schedule: "@hourly", suspend: true}
            - kind: CronJob
              metadata: {name: plain, namespace: default}
              spec: {schedule: "@every 1h30m", concurrencyPolicy: Forbid}
            ...
            """)
        let hello = try #require(jobs["shop/hello"])
        #expect(hello.schedule.rhythm == .cron(["30 2 * * 1-5"]) && hello.schedule.timezone == "Europe/Berlin")
        #expect(hello.policies.overlap == .cancel && hello.policies.deadline == .seconds(200))
        #expect(hello.policies.retry.limit == 3 && hello.policies.retry.max == .seconds(360))
        #expect(hello.policies.timeout == .seconds(600))
        let plain = try #require(jobs["plain"])
        #expect(plain.schedule.rhythm == .every(.seconds(5400)) && plain.policies.overlap == .skip)
        #expect(plain.policies.retry.limit == 6, "Kubernetes tries six times more, unless told")
        #expect(jobs["idle"] == nil && file.yaml.contains("# Disabled in Kubernetes:\n  # idle:"))
        for line in [
            "# In Kubernetes, in a container of busybox:1.27: 'warm up'",
            "# In Kubernetes, in a container of busybox:1.28: /bin/sh -c 'date; echo Hello from the Kubernetes cluster'",
            "# shop/hello has parallelism 2, which is not carried over",
        ] {
            #expect(file.yaml.contains(line), "\(line) is not in \(file.yaml)")
        }
        for words in [
            "line 2 is \"ConfigMap\" and no CronJob", "without timeZone", "without startingDeadlineSeconds", "images",
        ] {
            #expect(file.remarks.contains { $0.contains(words) }, "\(words) is not in \(file.remarks)")
        }
    }

    /// To Kubernetes a step names days; to Debian's rule `*/2` is a star, and both fields would have to match.
    @Test(arguments: [
        ("0 0 */2 * 5", "0 0 1-31/2 * 5"), ("0 0 13 * */2", "0 0 13 * 0-6/2"), ("0 0 13 * 5", "0 0 13 * 5"),
        ("0 0 */2 * *", "0 0 */2 * *"), ("0 0 * * */2", "0 0 * * */2"), ("0 0 */1 * 5", "0 0 */1 * 5"),
        ("0 0 ? * 5", "0 0 ? * 5"),
    ])
    func daysMatchAsInKubernetes(_ there: String, _ here: String) throws {
        #expect(try job("schedule: \"\(there)\"").job?.schedule.rhythm == .cron([here]))
    }

    @Test func aZoneInFrontOfTheScheduleCounts() throws {
        let found = try #require(try job("schedule: CRON_TZ=Asia/Tokyo 0 3 * * *").job)
        #expect(found.schedule.rhythm == .cron(["0 3 * * *"]) && found.schedule.timezone == "Asia/Tokyo")
    }

    @Test(arguments: [
        ("suspend: false", "it has no schedule"), ("schedule: \"61 * * * *\"", "minutes end at 59"),
        ("schedule: \"0 0 * * *\"\ntimeZone: Mars", "timezone"), ("schedule: \"@every soon\"", "every"),
        ("schedule: \"0 0 * * *\"\nconcurrencyPolicy: Maybe", "concurrencyPolicy"),
        ("schedule: \"0 0 * * *\"\nstartingDeadlineSeconds: 1e9", "deadline"),
        ("schedule: \"0 0 * * *\"\njobTemplate: {spec: {backoffLimit: -1}}", "backoffLimit"),
    ])
    func whatCannotComeAlongIsTold(_ spec: String, _ words: String) throws {
        let (file, job) = try job(spec)
        #expect(job == nil)
        #expect(
            file.remarks.contains { $0.hasPrefix("a is not carried over: ") && $0.contains(words) }, "\(file.remarks)")
        #expect(file.yaml.contains("# a: the CronJob at line 1, not carried over:"))
    }

    @Test(arguments: [
        ("kind: CronJob\nmetadata: {name: \"a\n", "jobs.yaml, line "),
        ("a: b\n---\n- {{ .Values.x }}\n", "jobs.yaml, line 3"),
        ("kind: &x CronJob", "anchors"), ("", "is empty"), ("---\n---\n", "is empty"),
    ])
    func whatIsNoYAMLIsRefused(_ text: String, _ words: String) {
        let error = #expect(throws: ImportError.self) { try CronJobImport.file(text, name: "jobs.yaml") }
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    }

    @Test func listsInListsEnd() throws {
        let lists = String(repeating: "{kind: List, items: [", count: 8) + String(repeating: "]}", count: 8)
        let (file, _) = try imported(lists)
        #expect(file.remarks.contains { $0.contains("lists in lists") })
    }
}
