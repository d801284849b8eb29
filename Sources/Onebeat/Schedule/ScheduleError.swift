/// A schedule that cannot be understood, or that could never fire.
public struct ScheduleError: Error, Sendable, Hashable {
    /// Which setting it is about, such as `cron`, `timezone` or `repeat`.
    public var setting: String
    /// What the user wrote there.
    public var text: String
    /// What is wrong, and what would do.
    public var message: String
    /// The part of a cron expression it is about, such as `minute` or `day of month`.
    public var field: String?
    /// Where in `text` the trouble starts, in bytes of UTF-8 from 0.
    public var offset: Int?
    /// Whether the text is understood but means no instant at all, such as 30 February.
    public var neverFires: Bool

    /// An error about `text`, as written for `setting`.
    public init(
        setting: String, text: String, message: String, field: String? = nil, offset: Int? = nil,
        neverFires: Bool = false
    ) {
        self.setting = setting
        self.text = text
        self.message = message
        self.field = field
        self.offset = offset
        self.neverFires = neverFires
    }
}

extension ScheduleError: CustomStringConvertible {
    /// One line: `cron "61 * * * *": minute is 61, but minutes end at 59`.
    public var description: String { "\(setting) \"\(text)\": \(message)" }

    /// The text with a caret below the place where the trouble starts, or `nil` when there is no one place.
    public var picture: String? {
        guard let offset else { return nil }
        let before = String(decoding: text.utf8.prefix(offset), as: UTF8.self)
        return "\(text)\n\(String(repeating: " ", count: before.count))^"
    }
}
