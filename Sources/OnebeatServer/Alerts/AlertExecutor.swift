import Foundation
import Onebeat

/// Sends a message: reads what it tells of from the store, and has the call or the process of its channel done.
package struct AlertExecutor: Executor {
    private let store: any Store
    private let health: HealthReader
    private let process: any Executor
    private let http: any Executor
    private let mail: SMTPClient
    private let environment: [String: String]
    private let time: any TimeSource

    /// - Parameters:
    ///   - store: where incidents are kept.
    ///   - process: runs the channels that are programs.
    ///   - http: makes the calls of the others.
    ///   - environment: where `${NAME}` in settings is looked up.
    package init(
        store: any Store, schedules: ScheduleCache = ScheduleCache(), process: any Executor, http: any Executor,
        environment: [String: String] = ProcessInfo.processInfo.environment, time: any TimeSource = SystemTime()
    ) {
        self.store = store
        health = HealthReader(store, schedules: schedules)
        self.process = process
        self.http = http
        self.environment = environment
        self.time = time
        mail = SMTPClient(environment: environment, time: time)
    }

    /// How many jobs are named that keep all from being well.
    private static let mostNamed = 5

    /// What a run that is asked for by hand has for its request: it sends a sample.
    package static let batchPrefix = "message-"

    /// Sends the message that the run stands for.
    package func execute(_ claim: Claim, output: any OutputSink) async -> Outcome {
        guard case .alert(let rule) = claim.definition.work else { return .notStarted }
        do {
            if rule.channel == AlertChannel.ping.rawValue, let why = try await whatIsWrong() {
                await output.remark("not told that all is well: \(why)")
                return .succeeded
            }
            let message = try await message(of: claim, rule)
            guard let channel = AlertChannel(rawValue: rule.channel) else {
                return .failed(Failure("this Onebeat knows no channel \(quoted(rule.channel)); upgrade the node"))
            }
            let delivery = try channel.delivery(
                of: message, rule: claim.run.job, settings: rule.settings, at: time.now(), expand: expand)
            return await send(delivery, channel, claim, output)
        } catch {
            return .failed(Failure("\(error)"))
        }
    }

    /// Why whoever waits for word that all is well gets none; `nil` while all is well.
    private func whatIsWrong() async throws -> String? {
        let reading = try await health.all()
        let headline = reading.headline
        guard headline.tone == .bad else { return nil }
        let looks = reading.lines.map(\.health).worstFirst
        let names = looks.prefix(Self.mostNamed).map { "\($0.job) \($0.state.rawValue)" }
        let rest = looks.count > names.count ? ["and \(looks.count - names.count) more"] : []
        return looks.isEmpty ? headline.sentence : "\(headline.sentence) \((names + rest).joined(separator: ", "))"
    }

    /// A run that somebody asked for by hand sends a sample, so that a channel can be tried.
    private func message(of claim: Claim, _ rule: AlertRule) async throws -> AlertMessage {
        guard let number = Self.batch(of: claim.run) else {
            // No message has such a number: a receiver that drops repeats must not take a real one for it.
            return .sample(rule: claim.run.job, number: -claim.run.id.value, at: time.now())
        }
        var message = AlertMessage(
            try await store.incidents(of: number), number: number,
            clock: .clock(of: claim.definition.schedule.timezone), at: time.now())
        guard rule.output > 0 else { return message }
        var room = AlertOutput.room
        for incident in message.incidents where room > 0 {
            guard let run = incident.run, incident.kind != AlertKind.recovered.rawValue,
                let lines = try await AlertOutput.text(
                    of: run, job: incident.job, lines: rule.output, room: room, from: store)
            else { continue }
            message.output += lines
            room -= lines.reduce(0) { $0 + $1.utf8.count + 1 }
        }
        return message
    }

    /// The message that a run was asked for to send.
    package static func batch(of run: Run) -> Int64? {
        let request = MailRemainder.base(run.requestID)
        return request.hasPrefix(batchPrefix) ? Int64(request.dropFirst(batchPrefix.count)) : nil
    }

    private func expand(_ text: String) throws -> String {
        try EnvironmentExpansion.expand(text, environment: environment)
    }

    /// Sends mail to whom the run is for. Those whom the server refuses while it takes the message for others are left to
    /// another run: asking for that twice is asking once.
    private func send(
        _ message: Mail, through server: SMTPAddress, _ authorities: String?, _ run: Run, _ output: any OutputSink
    ) async -> Outcome {
        func note(_ words: String) async { await output.write(Array("[onebeat: \(words)]\n".utf8), to: .note) }
        var message = message
        message.recipients = MailRemainder.recipients(of: run, among: message.to)
        guard !message.recipients.isEmpty else {
            await note("those whom it was for are recipients no more")
            return .succeeded
        }
        let answer = await mail.send(message, through: server, authorities: authorities)
        guard answer.outcome == .succeeded, !answer.refused.isEmpty else { return answer.outcome }
        for remark in answer.remarks { await note(remark) }
        do {
            let next = try await store.trigger(
                run.job, requestID: MailRemainder.request(after: run, for: answer.refused), by: run.node ?? "onebeat")
            await note(
                "\(message.recipients.count - answer.refused.count) have it; run \(next.id) goes on with the others")
            return .succeeded
        } catch {
            // Better told twice than never.
            return .failed(Failure("\(answer.remarks.joined(separator: "; ")); and that could not be kept: \(error)"))
        }
    }

    private func send(
        _ delivery: AlertChannel.Delivery, _ channel: AlertChannel, _ claim: Claim, _ output: any OutputSink
    ) async -> Outcome {
        var claim = claim
        switch delivery {
        case .call(let call):
            claim.definition.work = .http(call)
            let start = AnswerStart(output)
            let outcome = await http.execute(claim, output: start)
            guard outcome == .succeeded, let why = AlertAnswer.complaint(of: channel, in: await start.bytes) else {
                return outcome
            }
            return .failed(Failure("\(call.alias ?? channel.rawValue) answered that it did not take it: \(why)"))
        case .process(let line, let settings):
            claim.definition.work = .shell(line, settings)
            return await process.execute(claim, output: output)
        case .mail(let message, let server, let authorities):
            return await send(message, through: server, authorities, claim.run, output)
        }
    }
}
