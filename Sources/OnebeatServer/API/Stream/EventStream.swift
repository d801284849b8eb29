import Foundation
import HTTPTypes
import Hummingbird
import Onebeat
import ServiceLifecycle
import Synchronization

/// `/api/v1/stream`: what happens, as server-sent events. Each event carries its number as `id`, so that a reader that was
/// cut off goes on where it was.
struct EventStream: Sendable {
    typealias Context = WebContext

    /// How many may listen at one time: a page keeps its connection, and others need some too.
    static let mostListeners = 32
    /// A silent connection looks like a dead one.
    static let heartbeat = Duration.seconds(15)
    private static let pause = Duration.seconds(1)

    let store: any Store
    let pulse: Pulse
    let time: any TimeSource
    /// How long an answer may be: a reader is asked to come again before the connection is closed on it.
    let length: Duration
    let listeners = Listeners()

    init(store: any Store, time: any TimeSource, limits: WebLimits) {
        self.store = store
        self.time = time
        pulse = Pulse(store, time: time)
        length = limits.answer * 5 / 6
    }

    func addRoutes(to group: RouterGroup<Context>) {
        group.get("stream") { request, _ in
            try await response(to: request, QueryReader(request, known: ["after"]))
        }
    }

    private func response(to request: Request, _ query: QueryReader) async throws -> Response {
        let asked = request.headers[.lastEventID].flatMap { Int64($0) }
        let after = try asked ?? query.number("after", in: 0...Int.max).map { Int64($0) }
        guard let place = listeners.take(atMost: Self.mostListeners) else {
            throw Problem(
                .serviceUnavailable,
                "\(Self.mostListeners) readers listen already; ask again in a while, or read /api/v1/events")
        }
        // What happens from here on is told: the place is taken before what came earlier is read.
        let start = try await pulse.end()
        let earlier = try await missed(after)
        let body = ResponseBody { writer in
            do {
                try await listen(from: start, earlier, place, &writer)
            } catch is StoreError {
                // The reader comes again, and meets whoever can tell it why.
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: "text/event-stream; charset=utf-8"], body: body)
    }

    /// What a reader has not seen that was cut off, as far as one page reaches.
    private func missed(_ after: Int64?) async throws -> [EventRecord] {
        guard let after else { return [] }
        var filter = EventFilter(limit: 1000)
        filter.after = after
        return try await store.events(filter).reversed()
    }

    private func listen(
        from start: Int, _ earlier: [EventRecord], _ place: Listeners.Place, _ writer: inout some ResponseBodyWriter
    ) async throws {
        defer { withExtendedLifetime(place) {} }
        let end = time.uptime() + length
        var told = Set(earlier.map(\.number))
        var position = start
        var text = "retry: 2000\n\n" + (try earlier.map { try Self.text(.event($0)) }.joined())
        var beat = time.uptime()
        while true {
            if !text.isEmpty {
                try await writer.write(ByteBuffer(string: text))
                beat = time.uptime()
            }
            guard time.uptime() < end, !Task.isShuttingDownGracefully, !Task.isCancelled else { return }
            try await time.sleep(until: time.uptime() + Self.pause)
            let news = try await pulse.news(after: position)
            position = news.place
            text = ""
            for item in news.items {
                if case .event(let record) = item, !told.isEmpty, told.remove(record.number) != nil { continue }
                text += try Self.text(item)
            }
            if text.isEmpty, time.uptime() - beat >= Self.heartbeat { text = ":\n\n" }
        }
    }

    private struct ChangedRuns: Encodable {
        var jobs: [String]
    }

    private static func text(_ item: Pulse.Item) throws -> String {
        switch item {
        case .event(let record):
            "id: \(record.number)\nevent: event\ndata: \(try JSON.line(EventResource(record)))\n\n"
        case .runs(let jobs): "event: runs\ndata: \(try JSON.line(ChangedRuns(jobs: jobs)))\n\n"
        }
    }
}

/// How many listen.
final class Listeners: Sendable {
    private let count = Mutex(0)

    /// Is given back when nobody holds it any more, also where no answer was ever written.
    final class Place: Sendable {
        private let listeners: Listeners

        fileprivate init(_ listeners: Listeners) { self.listeners = listeners }

        deinit { listeners.count.withLock { $0 -= 1 } }
    }

    func take(atMost most: Int) -> Place? {
        let isFree = count.withLock { count in
            guard count < most else { return false }
            count += 1
            return true
        }
        return isFree ? Place(self) : nil
    }
}

extension HTTPField.Name {
    // Ours: a constant.
    static let lastEventID = Self("Last-Event-ID")!
}
