import Logging
import Onebeat
import OnebeatCelery
import OnebeatRedis

/// The node's settings and where each comes from: flag over `ONEBEAT_…` over file over default.
package struct Settings: Sendable, Equatable {
    /// Where the store is.
    package var store: Setting<StoreLocation>
    /// Where Redis is, if there is one.
    package var redis: Setting<RedisAddress?>
    /// The Celery application whose workers do tasks of jobs, if there is one: where its broker was named.
    package var celery: Setting<CelerySettings?>
    /// What becomes of jobs that may not overlap while Redis does not answer.
    package var locks: Setting<LockPolicy>
    /// Where the web pages are served.
    package var listen: Setting<ListenAddress>
    /// The node's name, unique among those that share the store.
    package var node: Setting<String>
    /// The parts the node plays, at least one.
    package var roles: Setting<Set<NodeRole>>
    /// How many runs the node runs at one time, 1 to 10,000.
    package var slots: Setting<Int>
    /// The queues the node serves.
    package var queues: Setting<[String]>
    /// How long running attempts may go on after the node was asked to stop.
    package var drain: Setting<Duration>
    /// How long ended runs stay in the history.
    package var keep: Setting<Duration>
    /// How many bytes of output are kept of each attempt.
    package var output: Setting<Int>
    /// Names under which a proxy asks for the pages.
    package var webHosts: Setting<[String]>
    /// How people sign in on the pages.
    package var signIn: Setting<SignInMode>
    /// The proxy that stands before the pages.
    package var proxy: Setting<ProxyTrust?>
    /// What the pages are shown over TLS by, if they are.
    package var certificate: Setting<CertificateFiles?>
    /// The number that orders a file's jobs among those of its source.
    package var revision: Setting<Int64>
    /// How log lines look.
    package var logFormat: Setting<LogFormat>
    /// The least severe log lines that are written.
    package var logLevel: Setting<Logger.Level>

    /// Settles every setting.
    /// - Parameters:
    ///   - hostName: the name of a node that is given none.
    /// - Throws: ``SettingsError`` with everything that is wrong with the values that count.
    package static func resolve(
        flags: SettingFlags = SettingFlags(), environment: [String: String], file: ConfigurationFile?, hostName: String
    ) throws(SettingsError) -> Settings {
        let standard = NodeSettings(name: hostName)
        var sources = SettingSources(environment: environment, file: file?.path)
        let queues = flags.queues.isEmpty ? nil : flags.queues.joined(separator: ",")
        let redis: Setting<RedisAddress?> = sources.settle(
            "redis", flag: flags.redis, file: file?.redis?.text, standard: nil, read: redis)
        let settings = Settings(
            store: sources.settle(
                "store", flag: flags.store, file: file?.store?.text, standard: StoreLocation.standard,
                read: StoreLocation.read),
            redis: redis, celery: celery(&sources, file, redis),
            locks: sources.settle(
                "locks", flag: nil, file: file?.locks?.rawValue, standard: standard.lockPolicy,
                read: choice(LockPolicy.self)),
            listen: sources.settle(
                "listen", flag: flags.listen, file: file?.listen, standard: ListenAddress.standard, read: address),
            node: sources.settle(
                "node", flag: flags.node, file: file?.node.name, fileKey: "node.name", standard: hostName, read: name),
            roles: sources.settle(
                "roles", flagName: "--role", flag: flags.roles.isEmpty ? nil : flags.roles.joined(separator: ","),
                file: file?.node.roles.map { NodeRole.sorted(Set($0)).map(\.rawValue).joined(separator: ",") },
                fileKey: "node.roles", standard: standard.roles, read: roles),
            slots: sources.settle(
                "slots", flag: flags.slots, file: file?.node.slots.map(String.init), fileKey: "node.slots",
                standard: standard.slots, read: count),
            queues: sources.settle(
                "queues", flagName: "--queue", flag: queues, file: file?.node.queues?.joined(separator: ","),
                fileKey: "node.queues", standard: standard.queues, read: names),
            drain: sources.settle(
                "drain", flag: flags.drain, file: file?.node.drain?.text, fileKey: "node.drain",
                standard: standard.drain, read: length),
            keep: sources.settle(
                "keep", flag: nil, file: file?.node.keep?.text, fileKey: "node.keep", standard: standard.keep,
                read: positiveLength),
            output: sources.settle(
                "output", flag: nil, file: file?.node.output.map { "\($0)B" }, fileKey: "node.output",
                standard: standard.output, read: size),
            webHosts: sources.settle(
                "web-hosts", flag: nil,
                file: file.flatMap { $0.webHosts.isEmpty ? nil : $0.webHosts.joined(separator: ",") },
                fileKey: "web.hosts", standard: [], read: names),
            signIn: sources.settle(
                "web-sign-in", flag: nil, file: file?.signIn?.rawValue, fileKey: "web.sign_in", standard: .none,
                read: choice(SignInMode.self)),
            proxy: Setting(
                file?.proxy,
                from: file?.proxy == nil ? .standard : .file(file?.path ?? "the file", key: "web.proxy")),
            certificate: certificate(&sources, file),
            revision: sources.settle(
                "revision", flag: flags.revision, file: file?.revision.map(String.init), standard: 0, read: revision),
            logFormat: sources.settle(
                "log-format", flag: flags.logFormat, file: nil, standard: .text, read: Settings.choice(LogFormat.self)),
            logLevel: sources.settle(
                "log-level", flag: flags.logLevel, file: nil, standard: .info, read: Settings.choice(Logger.Level.self))
        )
        if settings.locks.value == .strict, settings.redis.origin == .standard {
            sources.problem(
                "\(settings.locks.origin): is strict, but there is no Redis to keep locks; name one with redis")
        }
        guard sources.problems.isEmpty else { throw SettingsError(problems: sources.problems) }
        return settings
    }

    /// What the node is told about itself.
    package var nodeSettings: NodeSettings {
        NodeSettings(
            name: node.value, roles: roles.value, slots: slots.value, queues: queues.value, drain: drain.value,
            keep: keep.value, output: output.value, lockPolicy: locks.value)
    }

    /// How it is known who asks for pages.
    package var access: WebAccess { WebAccess(signIn: signIn.value, proxy: proxy.value) }

    /// Why the pages may not be shown as they are meant to; `nil` when they may.
    package var accessProblem: String? {
        guard roles.value.contains(.web), !listen.value.isLoopback, !access.isGuarded else { return nil }
        return "\(listen.origin): others reach \(listen.value), and nobody has to sign in there; write"
            + " web: {sign_in: password} and add a user (`onebeat users add NAME --role admin`), let a proxy say who asks"
            + " (web.proxy), or listen on 127.0.0.1"
    }

    private var signInWords: String {
        let header = proxy.value?.userHeader.map { "by a proxy (\($0))" }
        let words = [signIn.value == .password ? "password" : nil, header].compactMap(\.self)
        return words.isEmpty ? "none" : words.joined(separator: ", ")
    }

    /// Every setting in words, for people who wonder why the node does what it does.
    package var table: [(name: String, value: String, origin: SettingOrigin)] {
        [
            ("store", store.value.description, store.origin),
            ("redis", redis.value?.description ?? "none", redis.origin),
        ]
            + (celery.value.map { [("celery", "\($0.broker), results \($0.results)", celery.origin)] } ?? [])
            + [
                ("locks", redis.value == nil ? "none" : locks.value.rawValue, locks.origin),
                ("listen", listen.value.description, listen.origin),
                ("node", node.value, node.origin),
                ("roles", NodeRole.sorted(roles.value).map(\.rawValue).joined(separator: ", "), roles.origin),
                ("slots", "\(slots.value)", slots.origin),
                ("queues", queues.value.joined(separator: ", "), queues.origin),
                ("drain", drain.value.text, drain.origin), ("keep", keep.value.text, keep.origin),
                ("output", ByteCount.text(output.value), output.origin),
                (
                    "web hosts", webHosts.value.isEmpty ? "none" : webHosts.value.joined(separator: ", "),
                    webHosts.origin
                ),
                ("tls", certificate.value?.certificate ?? "none", certificate.origin),
                ("sign-in", signInWords, proxy.value?.userHeader == nil ? signIn.origin : proxy.origin),
                ("revision", revision.origin == .standard ? "none" : "\(revision.value)", revision.origin),
                ("log format", logFormat.value.rawValue, logFormat.origin),
                ("log level", logLevel.value.rawValue, logLevel.origin),
            ]
    }
}

extension Settings {
    /// One of the two files alone is of no use, wherever it was named.
    private static func certificate(
        _ sources: inout SettingSources, _ file: ConfigurationFile?
    ) -> Setting<CertificateFiles?> {
        let files = file?.certificate
        let certificate: Setting<String?> = sources.settle(
            "web-tls-certificate", flag: nil, file: files?.certificate, fileKey: "web.tls.certificate", standard: nil,
            read: path)
        let key: Setting<String?> = sources.settle(
            "web-tls-key", flag: nil, file: files?.key, fileKey: "web.tls.key", standard: nil, read: path)
        let isStrict = sources.settle(
            "web-tls-hsts", flag: nil, file: files.map { "\($0.isStrict)" }, fileKey: "web.tls.hsts", standard: true,
            read: truth)
        guard let path = certificate.value, let secret = key.value else {
            for (named, other) in [(certificate, "key"), (key, "certificate")] where named.value != nil {
                sources.problem("\(named.origin): names one of two files; name the \(other) as well (web.tls.\(other))")
            }
            return Setting(nil, from: .standard)
        }
        return Setting(
            CertificateFiles(certificate: path, key: secret, isStrict: isStrict.value), from: certificate.origin)
    }

    /// The file's Redis is the broker unless another is named; a file that speaks of Celery needs one.
    private static func celery(
        _ sources: inout SettingSources, _ file: ConfigurationFile?, _ redis: Setting<RedisAddress?>
    ) -> Setting<CelerySettings?> {
        let section = file?.celery
        let broker: Setting<RedisAddress?> = sources.settle(
            "celery-broker", flag: nil, file: section?.broker?.text, fileKey: "celery.broker", standard: nil,
            read: Self.redis)
        let results: Setting<RedisAddress?> = sources.settle(
            "celery-results", flag: nil, file: section?.results?.text, fileKey: "celery.results", standard: nil,
            read: Self.redis)
        let job = file?.jobs.first { if case .celery = $0.work { true } else { false } }
        guard section != nil || job != nil || broker.value != nil else { return Setting(nil, from: .standard) }
        guard let address = broker.value ?? redis.value else {
            if let job, broker.origin == .standard, redis.origin == .standard {
                sources.problem(
                    "job \"\(job.name)\" is a task of Celery, and no broker is named; write"
                        + " celery: {broker: redis://HOST/0}, as the application has it")
            }
            return Setting(nil, from: .standard)
        }
        var settings = CelerySettings(broker: address, results: results.value ?? address)
        settings.prefix = section?.prefix ?? settings.prefix
        settings.resultsPrefix = section?.resultsPrefix ?? settings.resultsPrefix
        settings.prioritySteps = section?.prioritySteps ?? settings.prioritySteps
        settings.separator = section?.separator ?? settings.separator
        settings.queue = section?.queue ?? settings.queue
        return Setting(settings, from: broker.value == nil ? redis.origin : broker.origin)
    }
}

// Readers of the texts that flags, variables and the file have in common.
extension Settings {
    private static func address(_ text: String) throws(Misfit) -> ListenAddress {
        guard let address = ListenAddress(text: text) else {
            throw Misfit("is \(quoted(text)); write an address and a port, such as 127.0.0.1:8420 or [::1]:8420")
        }
        return address
    }

    private static func redis(_ text: String) throws(Misfit) -> RedisAddress? {
        do throws(RedisAddressError) {
            return try RedisAddress(text)
        } catch {
            throw Misfit(error.description)
        }
    }

    private static func name(_ text: String) throws(Misfit) -> String {
        guard !text.contains(where: \.isWhitespace) else {
            throw Misfit("is \(quoted(text)); a node's name has no spaces")
        }
        try withoutControls(text)
        return text
    }

    private static func names(_ text: String) throws(Misfit) -> [String] {
        let names = text.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimming(" ") }
        guard names.allSatisfy({ (1...100).contains($0.utf8.count) }) else {
            throw Misfit("is \(quoted(text)); write names of 1 to 100 characters, such as default,mail")
        }
        try withoutControls(text)
        return names
    }

    private static func path(_ text: String) throws(Misfit) -> String? {
        try withoutControls(text)
        return text
    }

    private static func truth(_ text: String) throws(Misfit) -> Bool {
        switch text.lowercased() {
        case "true": return true
        case "false": return false
        default: throw Misfit("is \(quoted(text)); true or false will do")
        }
    }

    private static func withoutControls(_ text: String) throws(Misfit) {
        if let scalar = text.controlCharacter() {
            throw Misfit("is \(quoted(text)), with the control character \(scalar) in it; a name has none")
        }
    }

    private static func roles(_ text: String) throws(Misfit) -> Set<NodeRole> {
        var roles: Set<NodeRole> = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false).map({ $0.trimming(" ") }) {
            roles.insert(try choice(NodeRole.self)(word))
        }
        return roles
    }

    private static func count(_ text: String) throws(Misfit) -> Int {
        guard let count = Int(text), (1...10_000).contains(count) else {
            throw Misfit("is \(quoted(text)); 1 to 10000 will do")
        }
        return count
    }

    private static func revision(_ text: String) throws(Misfit) -> Int64 {
        guard let number = Int64(text), number >= 0 else {
            throw Misfit("is \(quoted(text)); write a whole number that grows with each change, such as 7 or 20261128")
        }
        return number
    }

    private static func length(_ text: String) throws(Misfit) -> Duration {
        guard let length = Duration(text: text) else {
            throw Misfit("is \(quoted(text)), which is not a length of time; write it like 30s, 5m or 1h30m")
        }
        return length
    }

    private static func size(_ text: String) throws(Misfit) -> Int {
        let bytes = try Read.size(text: text)
        guard (1024...1 << 30).contains(bytes) else { throw Misfit("is \(text); 1KiB to 1GiB will do") }
        return bytes
    }

    private static func positiveLength(_ text: String) throws(Misfit) -> Duration {
        let length = try length(text)
        guard length > .zero else { throw Misfit("must be longer than zero, as in 30d") }
        return length
    }

    private static func choice<Choice: RawRepresentable & CaseIterable>(
        _ type: Choice.Type
    ) -> (String) throws(Misfit) -> Choice where Choice.RawValue == String {
        { (text) throws(Misfit) in
            guard let choice = Choice(rawValue: text.lowercased()) else {
                let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
                throw Misfit("is \(quoted(text)); \(words) will do")
            }
            return choice
        }
    }
}
