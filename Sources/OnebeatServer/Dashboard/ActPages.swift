import Hummingbird
import Onebeat

/// What the forms of pages do. Each leads on to a page that says what happened, so that loading that again does nothing.
struct ActPages: Sendable {
    typealias Context = WebContext

    let reading: ReadAPI

    func addRoutes(to router: Router<Context>) {
        router.post("jobs/:name/trigger") { request, context in try await trigger(request, context) }
        router.post("jobs/:name/pause") { request, context in try await setPaused(true, request, context) }
        router.post("jobs/:name/resume") { request, context in try await setPaused(false, request, context) }
        router.post("alerts/:id/acknowledge") { request, context in
            _ = try await form(request, context)
            _ = try await context.acknowledge(context.number(), in: reading.store)
            return Self.on(to: "/alerts", .acknowledged)
        }
        router.post("silences") { request, context in try await silence(request, context) }
        router.post("silences/:id/end") { request, context in
            _ = try await form(request, context)
            _ = try await context.endSilence(context.number(), in: reading.store)
            return Self.on(to: "/alerts", .unsilenced)
        }
        router.post("backfills") { request, context in try await backfill(request, context) }
        for (verb, state) in [("pause", Backfill.State.paused), ("resume", .active), ("cancel", .cancelled)] {
            router.post("backfills/:id/\(verb)") { request, context in
                _ = try await form(request, context)
                _ = try await context.change(backfill: context.number(), to: state, in: reading.store)
                return Self.on(to: "/backfills", .backfilling)
            }
        }
        router.post("runs/:id/cancel") { request, context in try await cancel(request, context) }
        router.post("runs/:id/retry") { request, context in try await retry(request, context) }
        router.post("runs/:id/mark") { request, context in try await mark(request, context) }
    }

    private func form(_ request: Request, _ context: Context, _ known: [String] = []) async throws -> BodyReader {
        let form = try await BodyReader(form: request, known: known + ["proof"])
        try Hand(request, context).require(form.text("proof"))
        return form
    }

    private func trigger(_ request: Request, _ context: Context) async throws -> Response {
        let name = try context.jobName()
        let form = try await form(request, context, ["request_id", "only"])
        let job = try await context.actable(reading.record(name))
        let triggered = try await context.acts(reading.store).trigger(
            job, request: form.text("request_id"), alone: form.truth("only"))
        return Self.on(to: Address.run(triggered.run.id), .triggered)
    }

    private func setPaused(_ isPaused: Bool, _ request: Request, _ context: Context) async throws -> Response {
        let name = try context.jobName()
        _ = try await form(request, context)
        let job = try await context.actable(reading.record(name))
        let pausing = try await context.acts(reading.store).setPaused(isPaused, job)
        return Self.on(to: Address.job(name), !pausing.isChange ? .unchanged : isPaused ? .paused : .resumed)
    }

    private func backfill(_ request: Request, _ context: Context) async throws -> Response {
        let form = try await form(request, context, BackfillsPage.Wish.parameters)
        let wish = try BackfillsPage.Wish { try form.text($0) }
        let job = try await context.actable(reading.record(wish.job ?? ""))
        let acts = context.acts(reading.store)
        _ = try await context.begin(wish.backfill(job, acts), in: reading.store)
        return Self.on(to: "/backfills", .backfilling)
    }

    private func silence(_ request: Request, _ context: Context) async throws -> Response {
        let form = try await form(request, context, ["pattern", "seconds", "because"])
        let wish = try SilenceWish(
            form.text("pattern") ?? "", for: .seconds(form.text("seconds").flatMap { Int($0) } ?? 0),
            because: form.text("because") ?? "")
        _ = try await context.silence(wish, in: reading.store)
        return Self.on(to: "/alerts", .silenced)
    }

    private func cancel(_ request: Request, _ context: Context) async throws -> Response {
        let id = try context.runID()
        let isFlow = try await form(request, context, ["flow"]).truth("flow")
        let cancelled = try await context.cancel(reading.run(id), withFlow: isFlow, in: reading.store)
        return Self.on(to: Address.run(id), cancelled.isOver ? .cancelled : .stopping)
    }

    private func retry(_ request: Request, _ context: Context) async throws -> Response {
        let id = try context.runID()
        let isFlow = try await form(request, context, ["downstream"]).truth("downstream")
        let retried = try await context.retry(reading.run(id), downstream: isFlow, reading)
        return Self.on(to: Address.run(retried.run.id), .retried)
    }

    private func mark(_ request: Request, _ context: Context) async throws -> Response {
        let id = try context.runID()
        let form = try await form(request, context, ["state", "because"])
        guard let state = try form.text("state").flatMap(RunMark.State.init(rawValue:)) else {
            throw Problem(.badRequest, "state is succeeded or failed; choose one")
        }
        _ = try await context.mark(reading.run(id), as: state, because: form.text("because") ?? "", reading)
        return Self.on(to: Address.run(id), .marked)
    }

    private static func on(to address: String, _ deed: Deed) -> Response {
        Response(status: .seeOther, headers: [.location: "\(address)?did=\(deed.rawValue)"])
    }
}
