/// A page in the place of one that could not be made.
struct ProblemPage {
    var problem: Problem

    var page: Page {
        let title: HTML =
            switch problem.status {
            case .notFound: say("Nothing here")
            case .badRequest: say("That address is not understood")
            case .serviceUnavailable: say("The store does not answer")
            default: english(problem.status.reasonPhrase)
            }
        let content: HTML = """
            <div class="headline bad"><h1>\(title)</h1><p>\(english(problem.detail))</p></div>
            <p><a href="/">\(say("To the overview"))</a></p>
            """
        return Page(
            title: title, refresh: problem.status == .serviceUnavailable ? 5 : nil, content: content)
    }
}
