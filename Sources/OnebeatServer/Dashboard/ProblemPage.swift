/// A page in the place of one that could not be made.
struct ProblemPage {
    var problem: Problem

    var page: Page {
        let title =
            switch problem.status {
            case .notFound: "Nothing here"
            case .badRequest: "That address is not understood"
            case .serviceUnavailable: "The store does not answer"
            default: problem.status.reasonPhrase
            }
        let content: HTML = """
            <div class="headline bad"><h1>\(title)</h1><p>\(problem.detail)</p></div>
            <p><a href="/">To the overview</a></p>
            """
        return Page(
            title: title, refresh: problem.status == .serviceUnavailable ? 5 : nil, content: content)
    }
}
