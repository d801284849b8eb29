import HTTPTypes
import Hummingbird
import Onebeat

/// An error as RFC 9457 writes it: what kind, and in `detail` what was wrong and what would do.
struct Problem: Error, HTTPResponseError {
    var status: HTTPResponse.Status
    var detail: String
    /// What the answer carries beside the words.
    var headers: HTTPFields
    /// Of a file that cannot be used: all that is wrong with it.
    var problems: [FileProblem]?

    init(
        _ status: HTTPResponse.Status, _ detail: String, headers: HTTPFields = [:], problems: [FileProblem]? = nil
    ) {
        self.status = status
        self.detail = detail
        self.headers = headers
        self.problems = problems
    }

    private struct Body: Encodable {
        // No page describes a kind of problem, and then RFC 9457 wants this word.
        let type = "about:blank"
        let title: String
        let status: Int
        let detail: String
        let instance: String
        let problems: [FileProblem]?
    }

    /// A page for people who follow a link, JSON for everybody else.
    func response(from request: Request, context: some RequestContext) throws -> Response {
        let isForPeople = request.headers[.accept]?.contains("text/html") == true
        var response: Response
        if isForPeople, !request.uri.path.hasPrefix("/api/") {
            response = ProblemPage(problem: self).page.response(status: status)
        } else {
            let body = Body(
                title: status.reasonPhrase, status: status.code, detail: detail, instance: request.uri.path,
                problems: problems)
            response = try JSON.response(body, status: status, type: "application/problem+json")
        }
        for field in headers { response.headers.append(field) }
        return response
    }
}

extension Problem {
    init(_ refusal: ActRefusal) {
        switch refusal.kind {
        case .invalid: self.init(.badRequest, refusal.description)
        case .conflict: self.init(.conflict, refusal.description)
        }
    }

    init(_ error: StoreError) {
        switch error {
        case .notFound: self.init(.notFound, "\(error)")
        case .changed: self.init(.conflict, "\(error)")
        case .unavailable, .unknownOutcome, .fenced, .refused, .outdated: self.init(.serviceUnavailable, "\(error)")
        }
    }
}

/// Gives every error its words.
struct Problems: RouterMiddleware {
    typealias Context = WebContext

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let problem: Problem
        do {
            return try await next(request, context)
        } catch let error as Problem {
            problem = error
        } catch let error as StoreError {
            problem = Problem(error)
        } catch let refusal as ActRefusal {
            problem = Problem(refusal)
        } catch let error as HTTPError where error.status == .notFound {
            problem = Problem(
                .notFound, "there is nothing at \(request.uri.path); / shows pages, /api/v1 lists addresses")
        } catch let error as HTTPError {
            problem = Problem(error.status, error.body ?? error.status.reasonPhrase)
        } catch {
            context.logger.error("request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            problem = Problem(.internalServerError, "the node could not answer; its log says why")
        }
        return try problem.response(from: request, context: context)
    }
}
