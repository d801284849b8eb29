/// A language that pages speak.
enum Language: String, Sendable, CaseIterable {
    case english = "en"
    case chinese = "zh-CN"
    /// Tells in tests what was said and what was just written down. Nobody can ask for it.
    case marked = "x-marked"

    /// Those to choose from.
    static let offered: [Language] = [.english, .chinese]

    /// Its own name.
    var name: String {
        switch self {
        case .english: "English"
        case .chinese: "简体中文"
        case .marked: "marked"
        }
    }

    /// What stands for an English sentence; the English itself where nothing does.
    func template(for english: String) -> String {
        switch self {
        case .english, .marked: english
        case .chinese: Chinese.sentences[english] ?? english
        }
    }

    func marked(_ text: String) -> String { self == .marked ? "⟦\(text)⟧" : text }

    /// The language for a visitor: the one chosen, else the one wanted most of those that the browser names.
    init(chosen: String?, accepted: String?) {
        if let chosen = chosen.flatMap(Language.init(rawValue:)), Self.offered.contains(chosen) {
            self = chosen
            return
        }
        var best: (language: Language, weight: Double)?
        // Nobody reads in more languages than that, and a header may be long.
        for entry in (accepted ?? "").prefix(400).split(separator: ",").prefix(20) {
            let parts = entry.split(separator: ";").map { $0.trimmingPrefix { $0 == " " } }
            guard let tag = parts.first?.lowercased() else { continue }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
            let found: Language? = tag.hasPrefix("zh") ? .chinese : tag.hasPrefix("en") ? .english : nil
            if let found, weight > 0, weight > best?.weight ?? 0 { best = (found, weight) }
        }
        self = best?.language ?? .english
    }
}
