import HTTPTypes
import Hummingbird
import Onebeat

/// What is asked or done on a condition: `If-None-Match` spares an answer that the reader has, and `If-Match` lets an edit
/// pass only where what it edits is still as the reader saw it.
///
/// The condition is held against what there is as the request comes. It keeps one person from undoing what another did a
/// minute ago; two requests of one moment may both pass.
struct Conditions: RouterMiddleware {
    typealias Context = WebContext

    let witness: StoreWitness

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard request.method == .get || request.method == .head else {
            try await requireMatch(request, context)
            return try await next(request, context)
        }
        let response = try await next(request, context)
        guard let tag = response.headers[.eTag] else { return response }
        let known = request.headers[values: .ifNoneMatch]
        guard !known.isEmpty, let list = EntityTag.List(known), list.holds(tag) else { return response }
        return Response(status: .notModified, headers: [.eTag: tag, .cacheControl: JSON.revalidation])
    }

    private func requireMatch(_ request: Request, _ context: Context) async throws {
        let wanted = request.headers[values: .ifMatch]
        guard !wanted.isEmpty else { return }
        guard let list = EntityTag.List(wanted) else {
            throw Problem(
                .preconditionFailed,
                "If-Match is \(wanted.joined(separator: ", ")), which is no ETag; send it as it came, with its quotes")
        }
        let path = context.endpointPath ?? ""
        if path.hasPrefix("/api/v1/jobs/{name}/") {
            let name = try context.jobName()
            guard let job = try await witness.job(name) else { throw Problem.noJob(name) }
            try require(JSON.tag(of: job), list, "job \"\(name)\"", at: "/api/v1\(Address.job(name))")
        } else if path.hasPrefix("/api/v1/runs/{id}/") {
            let id = try context.runID()
            guard let run = try await witness.whole(id) else { throw Problem.noRun(id) }
            try require(JSON.tag(of: run), list, "run \(id)", at: "/api/v1/runs/\(id)")
        } else {
            // To let it pass unseen would be to say that it holds.
            throw Problem(.preconditionFailed, "nothing here has an ETag that If-Match could name; leave it out")
        }
    }

    private func require(_ tag: EntityTag, _ list: EntityTag.List, _ what: String, at address: String) throws {
        guard !list.allows(tag) else { return }
        throw Problem(
            .preconditionFailed,
            "\(what) is not what If-Match names any more, and nothing was done: its ETag is \(tag.text) now; read \(address)"
                + " and, where you still mean it, send that", headers: [.eTag: tag.text])
    }
}
