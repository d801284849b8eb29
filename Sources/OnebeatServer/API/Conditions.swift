import HTTPTypes
import Hummingbird
import Onebeat

/// What is asked or done on a condition: `If-None-Match` spares an answer that the reader has, and `If-Match` lets an edit
/// pass only where what it edits is still as the reader saw it.
///
/// The condition is held against what there is as the request comes, and what was found then goes along to the store, which
/// holds it against what there is as it writes: of two requests of one moment one passes. A whole flow is cancelled run by run,
/// and there the first look decides.
struct Conditions: RouterMiddleware {
    typealias Context = WebContext

    let witness: StoreWitness

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard request.method == .get || request.method == .head else {
            return try await changing(request, context, next)
        }
        let response = try await next(request, context)
        guard let tag = response.headers[.eTag] else { return response }
        let known = request.headers[values: .ifNoneMatch]
        guard !known.isEmpty, let list = EntityTag.List(known), list.holds(tag) else { return response }
        return Response(status: .notModified, headers: [.eTag: tag, .cacheControl: JSON.revalidation])
    }

    private func changing(
        _ request: Request, _ context: Context, _ next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let path = context.endpointPath ?? ""
        // Whose file it is stands in the file: whoever reads that looks.
        guard path != "/api/v1/configuration/apply", let list = try EntityTag.List(ifMatch: request) else {
            return try await next(request, context)
        }
        guard let subject = try await subject(path, context) else {
            // To let it pass unseen would be to say that it holds.
            throw Problem(.preconditionFailed, "nothing here has an ETag that If-Match could name; leave it out")
        }
        guard list.allows(subject.tag) else { throw subject.changed }
        var context = context
        if !list.isAny { context.seen = subject.seen }
        do {
            return try await next(request, context)
        } catch {
            // Whatever was refused, such as a run's cancellation since it has ended: that it changed meanwhile comes first.
            guard let now = try? await self.subject(path, context), !list.allows(now.tag) else { throw error }
            throw now.changed
        }
    }

    /// What an edit is of, as it is now.
    private struct Subject {
        var name: String
        var address: String
        var tag: EntityTag
        var seen: Seen

        var changed: Problem {
            Problem(
                .preconditionFailed,
                "\(name) is not what If-Match names any more, and nothing was done: its ETag is \(tag.text) now; read \(address)"
                    + " and, where you still mean it, send that", headers: [.eTag: tag.text])
        }
    }

    /// - Returns: `nil` for what has no ETag.
    private func subject(_ path: String, _ context: Context) async throws -> Subject? {
        if path.hasPrefix("/api/v1/jobs/{name}/") {
            let name = try context.jobName()
            guard let job = try await witness.job(name) else { throw Problem.noJob(name) }
            return Subject(
                name: "job \"\(name)\"", address: "/api/v1\(Address.job(name))", tag: try JSON.tag(of: job),
                seen: .job(JobSight(generation: job.generation, version: job.version, isPaused: job.paused)))
        }
        if path.hasPrefix("/api/v1/runs/{id}/") {
            let id = try context.runID()
            guard let run = try await witness.store.run(id) else { throw Problem.noRun(id) }
            let mark = try await witness.store.mark(of: id)
            let resource = RunResource(run, value: try await witness.store.shownValue(of: run), mark: mark)
            return Subject(
                name: "run \(id)", address: "/api/v1/runs/\(id)", tag: try JSON.tag(of: resource),
                seen: .run(RunSight(run, mark: mark)))
        }
        return nil
    }
}

/// What a visitor goes by who wants to change something as they saw it.
enum Seen: Sendable {
    case job(JobSight)
    case run(RunSight)

    var job: JobSight? { if case .job(let sight) = self { sight } else { nil } }
    var run: RunSight? { if case .run(let sight) = self { sight } else { nil } }
}
