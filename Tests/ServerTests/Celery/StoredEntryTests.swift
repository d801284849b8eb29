import Onebeat
import Testing

@testable import OnebeatServer

/// Entries of RedBeat and django-celery-beat that neither of them would have written; those of their own are read in
/// EndToEndTests/ImportTests.
struct StoredEntryTests {
    private func sets(_ field: String, _ value: JSONValue) throws -> Exported.Sets {
        try CeleryCrontab.sets([field: value])
    }

    @Test(arguments: [
        ("*/20", [0, 20, 40]), ("1-5/2,50", [1, 3, 5, 50]), ("58-2", [0, 1, 2, 58, 59]), ("58-4/3", [1, 4, 58]),
        (" 7", [7]),
    ])
    func fieldsAreReadAsCeleryReadsThem(_ text: String, _ wanted: [Int]) throws {
        #expect(try sets("minute", .string(text)).minute == wanted)
    }

    @Test func namesAndListsAreTaken() throws {
        #expect(try sets("day_of_week", "fri-Monday").day_of_week == [0, 1, 5, 6])
        #expect(try sets("month_of_year", "nov-feb").month_of_year == [1, 2, 11, 12])
        #expect(try sets("hour", .array([.int(1), .int(5)])).hour == [1, 5])
        #expect(try sets("hour", .int(4)).hour == [4])
        #expect(try sets("hour", .int(4)).minute.count == 60)
    }

    @Test(arguments: [
        JSONValue.string("60"), "5/10", "", "1,,2", "*/0", "*/x", "-1", "1-2-3", "x", .int(-1), .array(["1"]), .null,
        .number(1.5),
        .string(String(repeating: "1,", count: 1000)),
    ])
    func whatCeleryDoesNotTakeIsTold(_ value: JSONValue) {
        let problem = #expect(throws: CelerySchedule.Problem.self) { try sets("minute", value) }
        #expect(problem?.description.hasPrefix("its crontab's minute ") == true)
    }

    private func imported(_ entry: Exported.Entry) throws -> ImportedFile {
        let guess = CeleryGuess(broker: "redis://cache/0", results: nil, timezone: "UTC")
        let file = try RedBeatImport.file([entry], heading: "x", guess)
        if file.jobCount > 0 {
            _ = try ConfigurationFile.parse(file.yaml, path: "f", environment: [:], now: Timestamp(seconds: 0))
        }
        return file
    }

    @Test(arguments: [
        (#"{"task": "t", "schedule": {"__type__": "interval", "every": 5}}"#, nil),
        (#"{"task": "t", "schedule": {"__type__": "interval", "every": 0}}"#, "its interval"),
        (#"{"task": "t", "schedule": {"__type__": "interval"}}"#, "its interval"),
        (#"{"task": "t", "schedule": {"__type__": "moon"}}"#, "known to Python only"),
        (#"{"task": "t"}"#, "known to Python only"),
        (#"{"schedule": {"__type__": "interval", "every": 5}}"#, "names no task"),
        (#"{"task": "t", "args": 5, "schedule": {"__type__": "interval", "every": 5}}"#, "arguments are no list"),
        (
            #"{"task": "t", "kwargs": {"a": [{"__type__": "datetime"}]}, "schedule": {"__type__": "interval", "every": 5}}"#,
            "plain values"
        ),
        (
            #"{"task": "t", "options": {"expires": {"__type__": "datetime"}}, "schedule": {"__type__": "interval", "every": 5}}"#,
            "no length"
        ),
        (#"{"task": "t", "schedule": {"__type__": "rrule", "freq": 3}}"#, "no start"),
        (#"{"task": "t", "schedule": {"__type__": "rrule", "freq": 99, "dtstart": 1}}"#, "no frequency"),
        (
            #"{"task": "t", "schedule": {"__type__": "rrule", "freq": 1, "dtstart": 1769817600, "dtstart_tz": 0}}"#,
            "day 31"
        ),
        (
            #"{"task": "t", "schedule": {"__type__": "rrule", "freq": 5, "dtstart": 9223372036854775807, "interval": 1}}"#,
            "no start"
        ),
        (#"{"task": "t", "schedule": {"__type__": "rrule", "freq": 5, "dtstart": 1, "count": 0}}"#, "after R"),
        (
            #"{"task": "t", "schedule": {"__type__": "rrule", "freq": 3, "dtstart": 1769817600, "until": 1000000000}}"#,
            "never fires"
        ),
        ("{", "no JSON"), ("[]", "no JSON"),
    ])
    func definitionsOfRedBeatComeAlongOrAreTold(_ definition: String, _ words: String?) throws {
        let file = try imported(RedBeatImport.entry("a", definition: definition, meta: nil))
        #expect(file.jobCount == (words == nil ? 1 : 0), "\(file.remarks)")
        if let words {
            #expect(
                file.remarks.contains { $0.hasPrefix("a is not carried over") && $0.contains(words) }, "\(file.remarks)"
            )
        }
    }

    @Test func theLastRunIsWordsAlone() throws {
        let definition = #"{"task": "t", "schedule": {"__type__": "interval", "every": 5}}"#
        for (meta, words) in [
            (
                #"{"last_run_at": {"__type__": "datetime", "year": 2026, "month": 1, "day": 2, "timezone": "UTC"}, "total_run_count": 3}"#,
                "Last sent by Celery at 2026-01-02T00:00:00Z."
            ),
            (
                #"{"last_run_at": {"__type__": "datetime", "year": 2026, "month": 1, "day": 2, "timezone": "Asia/Tokyo"}, "total_run_count": 1}"#,
                "Last sent by Celery at 2026-01-02T00:00:00 Asia/Tokyo."
            ),
        ] {
            #expect(try imported(RedBeatImport.entry("a", definition: definition, meta: meta)).yaml.contains(words))
        }
        let never = #"{"last_run_at": {"year": 2026}, "total_run_count": 0}"#
        for meta in [never, "{", "5", #"{"last_run_at": {"year": -9223372036854775808}}"#] {
            #expect(
                try !imported(RedBeatImport.entry("a", definition: definition, meta: meta)).yaml.contains("Last sent"))
        }
    }

    @Test(
        arguments: [
            (["interval_id": "1"], nil), (["interval_id": "9"], "not in the table"), ([:], "it has no schedule"),
            (["interval_id": "1", "crontab_id": "1"], "interval and crontab"),
            (["interval_id": "1", "args": "["], "are no JSON"), (["interval_id": "1", "args": "{}x"], "are no JSON"),
            (["interval_id": "1", "kwargs": "[1]"], "no map"),
            (["interval_id": "1", "start_time": "soon"], "no moment"),
            (["interval_id": "1", "expires": "2026-01-01 00:00:00+02"], "no moment"),
            (["interval_id": "2"], "its interval"),
            (["crontab_id": "1"], "61"), (["clocked_id": "1"], "no moment"), (["solar_id": "1"], "solar event"),
        ] as [([String: String], String?)])
    func rowsOfDjangoComeAlongOrAreTold(_ row: [String: String], _ words: String?) async throws {
        let tables: [String: ForeignRows] = [
            "django_celery_beat_periodictask": [["name": "a", "task": "t", "enabled": "1"].merging(row) { $1 }],
            "django_celery_beat_intervalschedule": [
                ["id": "1", "every": "5", "period": "minutes"], ["id": "2", "every": "5", "period": "moons"],
            ],
            "django_celery_beat_crontabschedule": [["id": "1", "minute": "61"]],
            "django_celery_beat_clockedschedule": [["id": "1", "clocked_time": "never"]],
            "django_celery_beat_solarschedule": [["id": "1", "event": "moonrise"]],
        ]
        let guess = CeleryGuess(broker: "redis://cache/0", results: nil, timezone: "UTC")
        let file = try await DjangoImport.file(from: "postgres://db", guess: guess) { tables[$0] }
        #expect(file.jobCount == (words == nil ? 1 : 0), "\(file.remarks)")
        if let words {
            #expect(
                file.remarks.contains { $0.hasPrefix("a is not carried over") && $0.contains(words) }, "\(file.remarks)"
            )
        }
    }

    @Test func aDatabaseWithoutTheTablesIsRefused() async {
        let guess = CeleryGuess(broker: "redis://cache/0", results: nil, timezone: "UTC")
        await #expect(throws: ImportError.self) {
            try await DjangoImport.file(from: "sqlite:x", guess: guess) { _ in nil }
        }
    }
}
