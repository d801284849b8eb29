import Onebeat
import Testing

@testable import OnebeatServer

@Suite struct SettingsTests {
    private func file(_ text: String) throws -> ConfigurationFile { try parseFile(text + "\njobs: {a: {run: x}}") }

    private func problems(
        flags: SettingFlags = SettingFlags(), environment: [String: String] = [:], file: ConfigurationFile? = nil
    ) -> [String] {
        do {
            _ = try Settings.resolve(flags: flags, environment: environment, file: file, hostName: "host")
            return []
        } catch {
            return error.problems
        }
    }

    @Test func withoutAnyWordTheDefaultsCount() throws {
        let settings = try Settings.resolve(environment: [:], file: nil, hostName: "shop-1")
        #expect(settings.store == Setting(.sqlite(path: "onebeat.db"), from: .standard))
        #expect(settings.listen == Setting(.standard, from: .standard))
        #expect(settings.nodeSettings == NodeSettings(name: "shop-1"))
        #expect(settings.logFormat.value == .text)
        #expect(settings.logLevel.value == .info)
        #expect(settings.table.allSatisfy { $0.origin == .standard })
    }

    @Test func aFlagGoesBeforeAVariableBeforeTheFile() throws {
        let file = try file("store: sqlite:f.db")
        let environment = ["ONEBEAT_STORE": "sqlite:e.db"]
        func store(_ flag: String?, _ environment: [String: String], _ file: ConfigurationFile?) throws -> Setting<
            StoreLocation
        > {
            try Settings.resolve(flags: .init(store: flag), environment: environment, file: file, hostName: "h").store
        }
        #expect(try store("sqlite:g.db", environment, file) == Setting(.sqlite(path: "g.db"), from: .flag("--store")))
        #expect(
            try store(nil, environment, file) == Setting(.sqlite(path: "e.db"), from: .environment("ONEBEAT_STORE")))
        #expect(try store(nil, [:], file) == Setting(.sqlite(path: "f.db"), from: .file("onebeat.yaml", key: "store")))
        #expect(try store(nil, ["ONEBEAT_STORE": ""], nil).origin == .standard)
    }

    @Test(arguments: [
        ("127.0.0.1:1", "", "", true), ("[::1]:1", "", "", true), ("0.0.0.0:1", "", "", false), (":1", "", "", false),
        ("10.0.0.1:1", "none", "", false), ("10.0.0.1:1", "password", "", true), ("10.0.0.1:1", "", "beat", true),
    ])
    func whereOthersReachPeopleSignIn(listen: String, signIn: String, roles: String, isFine: Bool) throws {
        let environment = ["ONEBEAT_LISTEN": listen, "ONEBEAT_WEB_SIGN_IN": signIn, "ONEBEAT_ROLES": roles]
        let settings = try Settings.resolve(environment: environment, file: nil, hostName: "h")
        #expect((settings.accessProblem == nil) == isFine)
        if !isFine { #expect(settings.accessProblem?.hasPrefix("ONEBEAT_LISTEN: others reach ") == true) }
    }

    @Test func filesOfTLSAreNamedInTheFileOrByVariables() throws {
        let file = try file("web: {tls: {certificate: f.pem, key: f.key, hsts: false}}")
        func files(_ environment: [String: String], _ file: ConfigurationFile?) throws -> Setting<CertificateFiles?> {
            try Settings.resolve(environment: environment, file: file, hostName: "h").certificate
        }
        let both = ["ONEBEAT_WEB_TLS_CERTIFICATE": "e.pem", "ONEBEAT_WEB_TLS_KEY": "e.key"]
        #expect(try files([:], nil) == Setting(nil, from: .standard))
        #expect(
            try files(both, nil)
                == Setting(
                    CertificateFiles(certificate: "e.pem", key: "e.key"),
                    from: .environment("ONEBEAT_WEB_TLS_CERTIFICATE")))
        #expect(
            try files(both, file).value == CertificateFiles(certificate: "e.pem", key: "e.key", isStrict: false))
        #expect(try files(["ONEBEAT_WEB_TLS_HSTS": "true"], file).value?.isStrict == true)
        #expect(try files(["ONEBEAT_WEB_TLS_KEY": "e.key"], file).value?.certificate == "f.pem")
        #expect(
            problems(environment: ["ONEBEAT_WEB_TLS_KEY": "e.key"]) == [
                "ONEBEAT_WEB_TLS_KEY: names one of two files; name the certificate as well (web.tls.certificate)"
            ])
        #expect(problems(environment: ["ONEBEAT_WEB_TLS_HSTS": "yes"])[0].contains("true or false will do"))
    }

    @Test(arguments: [
        ("{from: [10.0.0.0/8, \"::1\"], user_header: X-User}", true), ("{from: 10.0.0.1}", false),
    ])
    func aProxyThatSaysWhoAsksIsAWayToSignIn(proxy: String, isFine: Bool) throws {
        let settings = try Settings.resolve(
            environment: [:], file: try file("listen: 10.0.0.1:1\nweb: {proxy: \(proxy)}"), hostName: "h")
        #expect((settings.accessProblem == nil) == isFine)
        #expect(settings.proxy.value?.from.isEmpty == false)
    }

    @Test(arguments: [
        "{sign_in: ldap}", "{proxy: {user_header: X-User}}", "{proxy: {from: [], user_header: X-User}}",
        "{proxy: {from: [a]}}", "{proxy: {from: 10.0.0.1, user_header: Cookie}}",
        "{proxy: {from: 10.0.0.1, user_header: \"a b\"}}", "{proxy: {from: 10.0.0.0/99}}", "{signin: password}",
    ])
    func whatSaysNotWhoAsksIsAProblem(web: String) {
        #expect(throws: ConfigurationError.self) { try file("web: \(web)") }
    }

    @Test func everySettingIsReadFromEveryPlaceItMayStand() throws {
        let flags = SettingFlags(
            store: "sqlite:a", redis: "rediss://u:p@r:1/2", listen: "[::1]:1", node: "n",
            roles: ["worker", "beat"], slots: "2", queues: ["a", "b,c"], drain: "1s", logFormat: "json",
            logLevel: "debug")
        let byFlag = try Settings.resolve(flags: flags, environment: [:], file: nil, hostName: "h")
        #expect(
            byFlag.table.map(\.value) == [
                "sqlite:a", "rediss://r:1/2", "lenient", "[::1]:1", "n", "beat, worker", "2", "a, b, c", "1s", "30d",
                "512KiB", "none", "none", "none", "none", "json", "debug",
            ])
        #expect(byFlag.queues.origin == .flag("--queue"))

        let byVariable = try Settings.resolve(
            environment: [
                "ONEBEAT_STORE": "sqlite:a", "ONEBEAT_REDIS": "redis://r", "ONEBEAT_LOCKS": "strict",
                "ONEBEAT_LISTEN": "127.0.0.1:1", "ONEBEAT_NODE": "n", "ONEBEAT_ROLES": "web",
                "ONEBEAT_SLOTS": "2",
                "ONEBEAT_QUEUES": "a, b", "ONEBEAT_DRAIN": "1s", "ONEBEAT_KEEP": "7d", "ONEBEAT_LOG_FORMAT": "json",
                "ONEBEAT_LOG_LEVEL": "WARNING", "ONEBEAT_REVISION": "12", "ONEBEAT_OUTPUT": "1MiB",
                "ONEBEAT_WEB_HOSTS": "onebeat.example.com", "ONEBEAT_WEB_SIGN_IN": "password",
                "ONEBEAT_WEB_TLS_CERTIFICATE": "c.pem", "ONEBEAT_WEB_TLS_KEY": "k.pem",
            ], file: nil, hostName: "h")
        #expect(
            byVariable.table.map(\.value)
                == [
                    "sqlite:a", "redis://r:6379", "strict", "127.0.0.1:1", "n", "web", "2", "a, b", "1s", "7d",
                    "1MiB", "onebeat.example.com", "c.pem", "password", "12", "json", "warning",
                ])
        #expect(byVariable.table.allSatisfy { $0.origin.description.hasPrefix("ONEBEAT_") })

        let byFile = try Settings.resolve(
            environment: [:],
            file: try file(
                "redis: redis://r\nlocks: strict\nlisten: 127.0.0.1:1\n"
                    + "node: {name: n, roles: [worker, web], slots: 2, queues: [a, b], drain: 1s, keep: 7d}"
            ),
            hostName: "h")
        #expect(
            byFile.nodeSettings
                == NodeSettings(
                    name: "n", roles: [.worker, .web], slots: 2, queues: ["a", "b"], drain: .seconds(1),
                    keep: .seconds(7 * 86_400), lockPolicy: .strict))
        #expect(byFile.slots.origin.description == "node.slots in onebeat.yaml")
    }

    @Test func aWrongValueNamesWhereItComesFrom() throws {
        #expect(
            problems(
                flags: .init(roles: ["beat", "boss"], slots: "0", logFormat: "xml"),
                environment: ["ONEBEAT_LISTEN": "8420"],
                file: try file("store: jobs.db\nnode: {name: my node}")) == [
                    "store in onebeat.yaml: is \"jobs.db\"; write sqlite:jobs.db for a file",
                    "ONEBEAT_LISTEN: is \"8420\"; write an address and a port, such as 127.0.0.1:8420 or [::1]:8420",
                    "node.name in onebeat.yaml: is \"my node\"; a node's name has no spaces",
                    "--role: is \"boss\"; beat, worker, web will do", "--slots: is \"0\"; 1 to 10000 will do",
                    "--log-format: is \"xml\"; text, json will do",
                ])
    }

    @Test func namesHaveNoControlCharacters() throws {
        for flags in [SettingFlags(node: "a\u{1B}b"), SettingFlags(queues: ["a\u{9B}b"]), SettingFlags(node: "a\u{7}")]
        {
            #expect(problems(flags: flags).first?.contains("a name has none") == true)
        }
        for text in [
            "source: \"a\\eb\"", "node: {name: \"a\\ab\"}", "node: {queues: [\"a\\eb\"]}",
            "jobs: {a: {run: x, queue: \"a\\eb\"}}",
            "jobs: {a: {run: x, description: \"a\\eb\"}}", "jobs: {\"a\\eb\": {run: x}}",
        ] {
            let found = fileProblems(text)
            #expect(found.count == 1, "\(text): \(found)")
            #expect(!found.joined().contains("\u{1B}"))
        }
        #expect(fileProblems("jobs: {a: {run: x, description: \"two\\nlines\"}}").isEmpty)
    }

    @Test func whatIsWrongWithRedisIsSaidWithoutItsPassword() throws {
        #expect(
            problems(flags: .init(redis: "http://u:secret@r")) == [
                "--redis: has the scheme \"http\"; write redis://host:6379, or rediss:// for TLS"
            ])
        #expect(
            problems(file: try file("locks: strict")) == [
                "locks in onebeat.yaml: is strict, but there is no Redis to keep locks; name one with redis"
            ])
        #expect(
            problems(environment: ["ONEBEAT_LOCKS": "hard"]) == ["ONEBEAT_LOCKS: is \"hard\"; lenient, strict will do"])
    }

    @Test func aValueThatIsOverruledCannotBeWrong() throws {
        #expect(problems(flags: .init(store: "sqlite:a.db"), file: try file("store: mysql://x")).isEmpty)
    }

    @Test(arguments: [
        ("postgres://anna:s3cret@db/jobs", "postgres://anna@db/jobs"),
        (
            "postgresql://anna:s3%2Fcr%40et@db:5432,db2/jobs?sslmode=require",
            "postgresql://anna@db:5432,db2/jobs?sslmode=require"
        ),
        ("postgres://db/jobs?user=anna&password=s3cret", "postgres://db/jobs?user=anna"),
        ("postgres://db/jobs?sslpassword=s3cret", "postgres://db/jobs"),
        ("postgres:///jobs?service=main", "postgres:///jobs?service=main"),
        ("postgres://db?options=-csearch_path%3Dx", "postgres://db"), ("postgres://", "postgres://"),
    ])
    func aDatabaseIsShownWithoutItsPassword(text: String, shown: String) throws {
        let location = try StoreLocation.read(text)
        #expect(location == .postgres(url: SecretAddress(text)))
        #expect(location.description == shown)
    }

    /// A library that reads such an address in the other way would name a part of the password as a host.
    @Test(arguments: [
        "postgres://anna:s3@cret@db/jobs", "postgres://anna:s3/cret@db/jobs", "postgres://anna:s3?cret@db/jobs",
        "postgres://anna:s3#cret@db", "postgres://anna:100%cret@db/jobs", "redis://:s3/cret@cache",
        "redis://:s3@cret@cache",
        "redis://ann:s3%cret@cache/1", "rediss://:s3#cret@cache", "host=db password=s3cret",
    ])
    func anAddressThatCanBeReadInTwoWaysIsRefusedWithoutItsPassword(text: String) {
        let found = text.hasPrefix("redis") ? problems(flags: .init(redis: text)) : problems(flags: .init(store: text))
        #expect(found.count == 1)
        #expect(found.first?.contains("cret") == false)
    }

    @Test(arguments: [
        ("sqlite:onebeat.db", "onebeat.db"), ("sqlite:var/x.db", "var/x.db"), ("sqlite:/var/x.db", "/var/x.db"),
        ("sqlite:///var/x.db", "/var/x.db"), ("SQLite:x.db", "x.db"),
    ])
    func anAddressOfAFileIsRead(text: String, path: String) throws {
        #expect(try StoreLocation.read(text) == .sqlite(path: path))
    }

    @Test(arguments: [
        ("postgres:jobs", "is no PostgreSQL address; write postgres://USER@HOST/DATABASE"),
        (
            "mysql://root:secret@db",
            "has the scheme \"mysql\", which names no store; write sqlite:onebeat.db, or postgres://USER@HOST/DATABASE"
        ),
        ("sqlite:", "is \"sqlite:\", which nothing could find again; name a file, as in sqlite:onebeat.db"),
        (
            "sqlite::memory:",
            "is \"sqlite::memory:\", which nothing could find again; name a file, as in sqlite:onebeat.db"
        ),
        ("sqlite://x.db", "is \"sqlite://x.db\"; write sqlite:PATH, or sqlite:///PATH with three slashes"),
    ])
    func anAddressThatIsNoFileIsRefusedWithoutItsPassword(text: String, expected: String) {
        #expect(problems(flags: .init(store: text)) == ["--store: " + expected])
    }
}

@Suite struct ConfigurationSearchTests {
    private func find(
        argument: String? = nil, flag: String? = nil, _ environment: [String: String] = [:], there: Set<String> = []
    ) -> Setting<String>? {
        ConfigurationSearch.find(argument: argument, flag: flag, environment: environment, exists: there.contains)
    }

    @Test func aFileThatIsNamedIsTakenWhetherItIsThereOrNot() {
        let environment = ["ONEBEAT_CONFIG": "c.yaml"]
        #expect(find(argument: "a.yaml", flag: "b.yaml", environment) == Setting("a.yaml", from: .argument))
        #expect(find(flag: "b.yaml", environment) == Setting("b.yaml", from: .flag("--config")))
        #expect(find(environment) == Setting("c.yaml", from: .environment("ONEBEAT_CONFIG")))
    }

    @Test func theUsualPlacesAreSearchedInTheirOrder() {
        let all: Set = [
            "onebeat.yaml", "/home/anna/.config/onebeat/onebeat.yaml", "/x/onebeat/onebeat.yaml",
            "/etc/onebeat/onebeat.yaml",
        ]
        let home = ["HOME": "/home/anna"]
        #expect(find(home, there: all)?.value == "onebeat.yaml")
        let others = all.subtracting(["onebeat.yaml"])
        #expect(find(home, there: others)?.value == "/home/anna/.config/onebeat/onebeat.yaml")
        #expect(
            find(["HOME": "/home/anna", "XDG_CONFIG_HOME": "/x"], there: others)?.value == "/x/onebeat/onebeat.yaml")
        #expect(find([:], there: others)?.value == "/etc/onebeat/onebeat.yaml")
        #expect(find([:], there: others)?.origin == .usualPlace)
        #expect(find(home) == nil)
    }
}
