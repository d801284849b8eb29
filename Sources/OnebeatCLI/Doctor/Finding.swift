/// One line of the doctor: what was looked at, how it stands and what would do.
struct Finding: Encodable, Equatable {
    enum Level: String, Encodable {
        case ok, warn, fail

        var colour: Colour {
            switch self {
            case .ok: .good
            case .warn: .warning
            case .fail: .bad
            }
        }
    }

    var check: String
    var level: Level
    var text: String
    var advice: String?

    static func ok(_ check: String, _ text: String) -> Finding { Finding(check: check, level: .ok, text: text) }

    static func warn(_ check: String, _ text: String, _ advice: String) -> Finding {
        Finding(check: check, level: .warn, text: text, advice: advice)
    }

    static func fail(_ check: String, _ text: String, _ advice: String) -> Finding {
        Finding(check: check, level: .fail, text: text, advice: advice)
    }
}
