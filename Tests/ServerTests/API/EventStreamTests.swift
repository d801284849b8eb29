import AsyncHTTPClient
import Foundation
import NIOCore
import Onebeat
import OnebeatSQLite
import OnebeatTesting
import Testing

@testable import OnebeatServer

@Suite(.timeLimit(.minutes(1))) struct EventStreamTests {
    /// Reads a stream until it holds `text`, while time goes on.
    private func read(
        _ web: WebFixture, _ path: String = "/api/v1/stream", headers: [String: String] = [:], until text: String,
        meanwhile: @Sendable () async throws -> Void = {}
    ) async throws -> String {
        var request = HTTPClientRequest(url: web.base + path)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        #expect(response.headers.first(name: "content-type") == "text/event-stream; charset=utf-8")
        #expect(response.headers.first(name: "cache-control") == "no-store")
        var all = ""
        var isFirst = true
        for try await part in response.body {
            all += String(buffer: part)
            if all.contains(text) { break }
            if isFirst { try await meanwhile() }
            isFirst = false
            let time = web.time
            // Time goes on until the stream's end at the latest: whoever sleeps, wakes.
            Task {
                for _ in 0..<40 {
                    for _ in 0..<50 { await Task.yield() }
                    time.advance(by: .seconds(1))
                }
            }
        }
        return all
    }

    @Test func whatHappensIsToldWithItsNumber() async throws {
        try await WebFixture.serving { web in
            let all = try await read(web, until: "event: runs") {
                try await web.store.record(Event("a.b", job: "x\ny", actor: "ann", message: "data: no\n\nid: 4242"))
                try await web.store.setPaused(true, job: "backup", by: "ann")
                try await web.fail("team/ping")
            }
            let number = try await web.store.events(EventFilter()).first { $0.event.kind == "a.b" }?.number ?? 0
            #expect(all.hasPrefix("retry: 2000\n\n"))
            #expect(all.contains("id: \(number)\nevent: event\ndata: {"))
            #expect(all.contains("\"kind\":\"job.paused\""))
            #expect(!all.contains("\nid: 4242"), "words of an event became a field of the stream")
            #expect(all.contains("event: runs\ndata: {\"jobs\":[\"team/ping\"]}"))
        }
    }

    @Test func aReaderThatWasCutOffGoesOnWhereItWas() async throws {
        try await WebFixture.serving { web in
            for number in 1...3 { try await web.store.record(Event("a.\(number)", actor: "ann")) }
            let numbers = try await web.store.events(EventFilter(limit: 3)).reversed().map(\.number)
            let all = try await read(
                web, headers: ["Last-Event-ID": "\(numbers[0])"], until: "\"a.3\"")
            #expect(all.contains("\"a.2\"") && !all.contains("\"a.1\""))
            #expect(
                try await read(web, "/api/v1/stream?after=\(numbers[1])", until: "\"a.3\"").contains(
                    "id: \(numbers[2])"))
            #expect(try await web.get("/api/v1/stream?after=x").status == 400)
            #expect(try await web.get("/api/v1/stream", method: "HEAD").status == 200)
        }
    }

    @Test func aStreamEndsBeforeItsConnectionWouldBeClosed() async throws {
        try await WebFixture.serving(limits: WebLimits(answer: .seconds(12))) { web in
            let ticking = Task {
                while !Task.isCancelled { await Task.yield(); web.time.advance(by: .milliseconds(100)) }
            }
            defer { ticking.cancel() }
            let start = web.time.uptime()
            let body = try await web.get("/api/v1/stream").body
            #expect(body.hasPrefix("retry: 2000\n\n"))
            #expect(web.time.uptime() - start >= .seconds(10))
        }
    }

    @Test func onlySoManyListen() throws {
        let listeners = Listeners()
        var places = [listeners.take(atMost: 2), listeners.take(atMost: 2)]
        #expect(places.allSatisfy { $0 != nil })
        #expect(listeners.take(atMost: 2) == nil)
        places.removeLast()
        #expect(listeners.take(atMost: 2) != nil)
    }

    @Test func anEventIsToldOnceAndOneThatIsFarBehindIsToldThatThereIsMore() async throws {
        let time = ManualTime()
        let store = try SQLiteStore.inMemory(time: time)
        try await store.record(Event("old", actor: "ann"))
        let pulse = Pulse(store, time: time)
        let start = try await pulse.end()
        #expect(try await pulse.news(after: start).items == [])
        try await store.record(Event("new", actor: "ann"))
        #expect(try await pulse.news(after: start).items == [], "it asked the store twice in a second")
        time.advance(by: .seconds(1))
        let news = try await pulse.news(after: start)
        #expect(news.items.count == 1)
        time.advance(by: .seconds(1))
        #expect(try await pulse.news(after: news.place).items == [])
        for round in 0..<6 {
            for number in 0..<100 { try await store.record(Event("\(round).\(number)", actor: "ann")) }
            time.advance(by: .seconds(1))
            _ = try await pulse.end()
        }
        #expect(try await pulse.news(after: news.place).items == [.runs([])])
    }
}
