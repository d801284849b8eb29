import Foundation
import Onebeat
import Testing

@testable import OnebeatServer

@Suite(.timeLimit(.minutes(1))) struct LanguageTests {
    @Test(arguments: [
        (nil, nil, Language.english), (nil, "zh-CN,zh;q=0.9,en;q=0.8", .chinese),
        (nil, "de, en;q=0.7, zh;q=0.3", .english),
        (nil, "fr", .english), ("zh-CN", "en", .chinese), ("en", "zh", .english), ("klingon", "zh", .chinese),
        ("x-marked", nil, .english), (nil, "zh;q=0, en;q=0.1", .english), (nil, ";;q=,,=q;q=nan", .english),
        (nil, String(repeating: "zh-", count: 100_000), .chinese),
    ])
    func theOneChosenGoesBeforeTheOneWantedMost(chosen: String?, accepted: String?, language: Language) {
        #expect(Language(chosen: chosen, accepted: accepted) == language)
    }

    @Test func whatIsPutIntoASentenceIsEscapedAndStandsWhereTheLanguageHasIt() {
        let sentence: Sentence = "\("<a>"), version \(2) of generation \(3)"
        #expect(sentence.html(in: .english).text == "&lt;a&gt;, version 2 of generation 3")
        #expect(sentence.html(in: .chinese).text == "&lt;a&gt;，第 3 代第 2 版")
        #expect(("\("{}") ago" as Sentence).html(in: .chinese).text == "{}前")
    }

    @Test func everyTranslationHasThePlacesOfItsEnglish() {
        for (english, chinese) in Chinese.sentences {
            let count = english.components(separatedBy: "{}").count - 1
            let numbered = Set(chinese.matches(of: /{(\d+)}/).compactMap { Int($0.1) })
            let plain = chinese.components(separatedBy: "{}").count - 1
            #expect(numbered.isEmpty ? plain == count : numbered == Set(1...count), "\(english)")
            #expect(
                english.components(separatedBy: "<code>").count == chinese.components(separatedBy: "<code>").count,
                "\(english)")
        }
    }

    @Test func wordsOfClosedListsAreTranslated() {
        let words =
            RunState.allCases.map(\.words) + JobHealth.State.allCases.map(\.rawValue) + Reason.allCases.map(\.sentence)
            + ["success", "interrupted", "not started", "alive", "expired", "gone"]
            + Deed.allCases.map(\.sentence.english)
        for word in words { #expect(Chinese.sentences[word] != nil, "\(word)") }
    }

    /// The sentences as they stand in the program, of which each must have its Chinese.
    @Test func everySentenceInTheProgramIsTranslated() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../../Sources")
        let folder = root.appending(path: "OnebeatServer/Dashboard")
        var found: Set<String> = []
        let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
        for case let file as URL in files where file.pathExtension == "swift" {
            found.formUnion(Self.sentences(in: try String(contentsOf: file, encoding: .utf8)))
        }
        #expect(found.count > 150)
        for sentence in found.sorted() where sentence.contains(/[A-Za-z]{2}/) {
            #expect(Chinese.sentences[sentence] != nil, "\"\(sentence)\" has no Chinese; add it to Chinese.swift")
        }
    }

    /// What `explain` says is told on pages, too. In its files all text is of such sentences, but for names of ours.
    @Test func everySentenceOfAReportIsTranslated() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../Sources/OnebeatServer/Reports")
        var found: Set<String> = []
        for file in ["Explanation", "RunStory", "Evidence", "SignalStory"] {
            let source = try String(contentsOf: folder.appending(path: "\(file).swift"), encoding: .utf8)
            found.formUnion(Self.literals(in: source))
        }
        #expect(found.count > 100)
        for sentence in found.sorted()
        where sentence.contains(/[A-Za-z]{2}/) && sentence.wholeMatch(of: /[a-z_.]+/) == nil {
            #expect(
                Chinese.sentences[sentence] != nil, "\"\(sentence)\" has no Chinese; add it to ChineseReports.swift")
        }
        for (english, chinese) in Chinese.reports {
            #expect(english.count { $0 == "`" } == chinese.count { $0 == "`" }, "\(english)")
        }
    }

    /// All text that a program holds, with `{}` for what is put in; what is written in two lines is one.
    private static func literals(in source: String) -> [String] {
        let lines = source.split(separator: "\n").filter { !$0.trimmingPrefix(while: \.isWhitespace).hasPrefix("//") }
        let signs = Array(lines.joined(separator: "\n"))
        var found: [String] = []
        var place = 0
        func literal() -> String {
            var text = ""
            while place < signs.count {
                let sign = signs[place]
                place += 1
                if sign == "\"" { break }
                guard sign == "\\", place < signs.count else {
                    text.append(sign)
                    continue
                }
                let next = signs[place]
                place += 1
                guard next == "(" else {
                    text.append(next)
                    continue
                }
                text += "{}"
                var depth = 1
                while depth > 0, place < signs.count {
                    let inner = signs[place]
                    place += 1
                    if inner == "\"" { found.append(literal()) }
                    depth += inner == "(" ? 1 : inner == ")" ? -1 : 0
                }
            }
            return text
        }
        while place < signs.count {
            place += 1
            guard signs[place - 1] == "\"" else { continue }
            var text = literal()
            while true {
                let rest = String(signs[place...].prefix(80))
                guard let joint = rest.prefixMatch(of: /\s*\+\s*"/) else { break }
                place += joint.output.count
                text += literal()
            }
            found.append(text)
        }
        return found
    }

    /// What stands right behind one of the words that say it, with `{}` for what is put in.
    private static func sentences(in source: String) -> [String] {
        var found: [String] = []
        for opening in ["say(\"", "section(\"", ".wide(\"", ".why(\"", ".titled(\"", "button(\""] {
            for part in source.components(separatedBy: opening).dropFirst() {
                var (sentence, depth) = ("", 0)
                var rest = part[...]
                while let sign = rest.popFirst() {
                    if depth > 0 {
                        depth += sign == "(" ? 1 : sign == ")" ? -1 : 0
                    } else if sign == "\\" {
                        if rest.popFirst() == "(" { (depth, sentence) = (1, sentence + "{}") }
                    } else if sign == "\"" {
                        break
                    } else {
                        sentence.append(sign)
                    }
                }
                found.append(sentence)
            }
        }
        return found
    }

    /// In a language that marks what was said, all that is left unmarked must come from outside.
    @Test(arguments: [
        "/", "/jobs", "/jobs/backup", "/jobs/team%2Fping", "/runs", "/runs/1", "/runs/2", "/events", "/nodes", "/graph",
        "/calendar", "/lab", "/sign-in", "/alerts", "/backfills",
        "/lab?expression=0%203%20*%20*%20*&timezone=Europe/Berlin",
    ])
    func whatAPageSaysByItselfIsSaidInTheReadersLanguage(path: String) async throws {
        try await WebFixture.serving { web in
            let page = try await web.get(path, headers: ["Accept-Language": "zh-CN", "Accept": "text/html"]).body
            #expect(page.contains("<html lang=\"zh-CN\">"))
            // What is marked as English, code, names of the data and of things that have none but their own.
            var text = page.replacing(
                /<(?:style|code|pre|kbd)[^>]*>.*?<\/(?:code|pre|style|kbd)>/.dotMatchesNewlines(), with: "")
            text = text.replacing(/<([a-z]+)[^>]* lang="en"[^>]*>.*?<\/\1>/.dotMatchesNewlines(), with: "")
            text = text.replacing(
                /<option[^>]*>(?:debian|celery|quartz)<\/option>|<option value="[a-z._]+"><\/option>/, with: "")
            text = text.replacing(/<[^>]*>/, with: " ")
            for known in [
                "Onebeat", "UTC", "API", "English", "backup", "team/ping", "alpha", "beat", "worker", "web", "default",
                "Europe/Berlin", "Asia/Shanghai", "shop", "anna", "tester", "file:/etc/onebeat.yaml", "alert(1)",
                "&lt;script&gt;", "&lt;/script&gt;", "http", "run", "cron", "Shell",
            ].sorted(by: { $0.count > $1.count }) { text = text.replacing(known, with: "") }
            let left = text.matches(of: /[A-Za-z]{2,}/).map { String($0.0) }
            #expect(left == [], "\(path) says in English: \(left)")
        }
    }

    @Test func aReaderChoosesALanguageAndComesBack() async throws {
        try await WebFixture.serving { web in
            let body = try await web.get("/jobs?name=b%26c").body
            #expect(body.contains("href=\"/language/zh-CN?back=%2Fjobs%3Fname%3Db%2526c\""))
            let choice = try LanguageChoice("zh-CN", back: "/jobs").response
            #expect(choice.status == .seeOther)
            #expect(choice.headers[.location] == "/jobs")
            #expect(choice.headers[.setCookie]?.hasPrefix("onebeat_language=zh-CN;") == true)
            let chosen = try await web.get("/jobs", headers: ["Cookie": "a=b; onebeat_language=zh-CN"]).body
            #expect(chosen.contains("<h1>作业</h1>"))
            #expect(try await web.get("/language/xx?back=/").status == 404)
            for back in ["//evil.example", "/%5Cevil.example", "https://evil.example", "evil"] {
                #expect(try await web.get("/language/zh-CN?back=\(back)").status == 400, "\(back)")
            }
        }
    }
}
