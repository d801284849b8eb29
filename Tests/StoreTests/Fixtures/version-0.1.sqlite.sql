PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
INSERT INTO grdb_migrations VALUES('1');
CREATE TABLE jobs (
    name TEXT PRIMARY KEY NOT NULL, generation INTEGER NOT NULL, version INTEGER NOT NULL,
    source TEXT NOT NULL, is_paused INTEGER NOT NULL DEFAULT 0, watermark INTEGER NOT NULL, next_at INTEGER,
    delay_us INTEGER, created_at INTEGER NOT NULL, removed_at INTEGER
) WITHOUT ROWID;
INSERT INTO jobs VALUES('backup',1,1,'file:/srv/shop/onebeat.yaml',0,1795890134062978,1795917600000000,NULL,1795890134062978,NULL);
INSERT INTO jobs VALUES('broken',1,1,'file:/srv/shop/onebeat.yaml',0,1795890186000000,1795890188000000,NULL,1795890134062978,NULL);
INSERT INTO jobs VALUES('call',1,1,'file:/srv/shop/onebeat.yaml',0,1795890134062978,1795892400000000,NULL,1795890134062978,NULL);
INSERT INTO jobs VALUES('hand',1,1,'file:/srv/shop/onebeat.yaml',1,1795890134062978,NULL,NULL,1795890134062978,NULL);
INSERT INTO jobs VALUES('once',1,1,'file:/srv/shop/onebeat.yaml',0,1795890134062978,1924362000000000,NULL,1795890134062978,NULL);
INSERT INTO jobs VALUES('pause',1,1,'file:/srv/shop/onebeat.yaml',0,1795890134062978,1795890434062978,300000000,1795890134062978,NULL);
INSERT INTO jobs VALUES('rate',1,1,'file:/srv/shop/onebeat.yaml',0,1795890134062978,1893456000000000,NULL,1795890134062978,NULL);
INSERT INTO jobs VALUES('tick',1,1,'file:/srv/shop/onebeat.yaml',0,1795890187000000,1795890188000000,NULL,1795890134062978,NULL);
CREATE TABLE definitions (
    job_name TEXT NOT NULL, generation INTEGER NOT NULL, version INTEGER NOT NULL, definition TEXT NOT NULL,
    created_at INTEGER NOT NULL, PRIMARY KEY (job_name, generation, version)
) WITHOUT ROWID;
INSERT INTO definitions VALUES('backup',1,1,'{"description":"Saves the shop","name":"backup","policies":{"catchUp":7,"deadline":[487,16435636103448363008],"delivery":"at_most_once","expect":[1,11553255926290448384],"limit":2,"missed":"all","overlap":"queue","priority":5,"queue":"default","retry":{"backoff":[0,10000000000000000000],"jitter":0.5,"limit":3,"max":[32,9704189641294348288]},"timeout":[292,13550730476810928128]},"schedule":{"cron":["0 3 * * *","30 4 * * sun"],"dst":{"gap":"skip","overlap":"both"},"except":["2026-12-24/2026-12-26"],"spread":"5m","timezone":"Europe/Berlin"},"work":{"shell":{"_0":"echo saved","_1":{"cpu":600,"directory":"/tmp","environment":{"LEVEL":"9"},"grace":[1,1553255926290448384],"memory":536870912,"nice":5}}}}',1795890134062978);
INSERT INTO definitions VALUES('broken',1,1,'{"name":"broken","policies":{"catchUp":100,"deadline":[195,2884905626637434880],"delivery":"at_least_once","missed":"latest","overlap":"skip","priority":0,"queue":"default","retry":{"backoff":[0,10000000000000000000],"jitter":0.2,"limit":0,"max":[195,2884905626637434880]}},"schedule":{"every":"2s","timezone":"Europe/Berlin"},"work":{"shell":{"_0":"exit 3","_1":{"environment":{},"grace":[0,10000000000000000000]}}}}',1795890134062978);
INSERT INTO definitions VALUES('call',1,1,'{"name":"call","policies":{"catchUp":100,"deadline":[195,2884905626637434880],"delivery":"at_least_once","missed":"latest","overlap":"skip","priority":0,"queue":"default","retry":{"backoff":[0,10000000000000000000],"jitter":0.2,"limit":0,"max":[195,2884905626637434880]}},"schedule":{"every":"1h","timezone":"Europe/Berlin"},"work":{"http":{"_0":{"body":"{}","expected":[200,201],"headers":{"X-A":"b"},"method":"POST","timeout":[0,5000000000000000000],"url":"http://127.0.0.1:1/"}}}}',1795890134062978);
INSERT INTO definitions VALUES('hand',1,1,'{"name":"hand","policies":{"catchUp":100,"deadline":[195,2884905626637434880],"delivery":"at_least_once","missed":"latest","overlap":"skip","priority":0,"queue":"default","retry":{"backoff":[0,10000000000000000000],"jitter":0.2,"limit":0,"max":[195,2884905626637434880]}},"schedule":{"timezone":"Europe/Berlin"},"work":{"command":{"_0":["true"],"_1":{"environment":{},"grace":[0,10000000000000000000]}}}}',1795890134062978);
INSERT INTO definitions VALUES('once',1,1,'{"name":"once","policies":{"catchUp":100,"deadline":[195,2884905626637434880],"delivery":"at_least_once","missed":"latest","overlap":"skip","priority":0,"queue":"default","retry":{"backoff":[0,10000000000000000000],"jitter":0.2,"limit":0,"max":[195,2884905626637434880]}},"schedule":{"at":["2030-12-24T17:00:00Z"],"timezone":"Europe/Berlin"},"work":{"shell":{"_0":"true","_1":{"environment":{},"grace":[0,10000000000000000000]}}}}',1795890134062978);
INSERT INTO definitions VALUES('pause',1,1,'{"name":"pause","policies":{"catchUp":100,"deadline":[195,2884905626637434880],"delivery":"at_least_once","missed":"latest","overlap":"skip","priority":0,"queue":"default","retry":{"backoff":[0,10000000000000000000],"jitter":0.2,"limit":0,"max":[195,2884905626637434880]}},"schedule":{"delay":"5m","timezone":"Europe/Berlin"},"work":{"command":{"_0":["/bin/true"],"_1":{"environment":{},"grace":[0,10000000000000000000]}}}}',1795890134062978);
INSERT INTO definitions VALUES('rate',1,1,'{"name":"rate","policies":{"catchUp":100,"deadline":[195,2884905626637434880],"delivery":"at_least_once","missed":"latest","overlap":"skip","priority":0,"queue":"default","retry":{"backoff":[0,10000000000000000000],"jitter":0.2,"limit":0,"max":[195,2884905626637434880]}},"schedule":{"repeat":"R10/2030-01-01T00:00:00Z/PT6H","timezone":"Europe/Berlin"},"work":{"shell":{"_0":"true","_1":{"environment":{},"grace":[0,10000000000000000000]}}}}',1795890134062978);
INSERT INTO definitions VALUES('tick',1,1,'{"name":"tick","policies":{"catchUp":100,"deadline":[195,2884905626637434880],"delivery":"at_least_once","missed":"latest","overlap":"skip","priority":0,"queue":"default","retry":{"backoff":[0,10000000000000000000],"jitter":0.2,"limit":0,"max":[195,2884905626637434880]}},"schedule":{"every":"1s","timezone":"Europe/Berlin"},"work":{"command":{"_0":["true"],"_1":{"environment":{},"grace":[0,10000000000000000000]}}}}',1795890134062978);
CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, job_name TEXT NOT NULL, generation INTEGER NOT NULL,
    version INTEGER NOT NULL, kind TEXT NOT NULL, scheduled_at INTEGER NOT NULL,
    request_id TEXT NOT NULL DEFAULT '', due_at INTEGER NOT NULL, deadline_at INTEGER, state TEXT NOT NULL,
    reason TEXT, message TEXT, queue TEXT NOT NULL, priority INTEGER NOT NULL,
    is_held INTEGER NOT NULL DEFAULT 0, attempt INTEGER NOT NULL DEFAULT 0, fence INTEGER NOT NULL DEFAULT 0,
    node TEXT, boot TEXT, nonce TEXT, crashes INTEGER NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0,
    is_cancel_requested INTEGER NOT NULL DEFAULT 0, started_at INTEGER, finished_at INTEGER,
    exit_code INTEGER, range_end INTEGER, count INTEGER NOT NULL DEFAULT 1
);
INSERT INTO runs VALUES(1,'tick',1,1,'scheduled',1795890135000000,'',1795890135000000,NULL,'missed','coalesced',NULL,'default',0,0,0,0,NULL,NULL,NULL,0,0,0,NULL,1795890177396948,NULL,1795890167000000,33);
INSERT INTO runs VALUES(2,'tick',1,1,'scheduled',1795890168000000,'',1795890168000000,1795893768000000,'succeeded',NULL,NULL,'default',0,0,1,1,'node-1','57cc6f13dc6600d8',NULL,0,0,0,1795890177555512,1795890177567118,0,NULL,1);
INSERT INTO runs VALUES(3,'tick',1,1,'scheduled',1795890169000000,'',1795890169000000,1795893769000000,'skipped','overlap',NULL,'default',0,0,0,0,NULL,NULL,NULL,0,0,0,NULL,1795890177555512,NULL,NULL,1);
INSERT INTO runs VALUES(4,'tick',1,1,'scheduled',1795890170000000,'',1795890170000000,1795893770000000,'skipped','overlap',NULL,'default',0,0,0,0,NULL,NULL,NULL,0,0,0,NULL,1795890177555512,NULL,NULL,1);
INSERT INTO runs VALUES(5,'tick',1,1,'scheduled',1795890171000000,'',1795890171000000,1795893771000000,'skipped','overlap',NULL,'default',0,0,0,0,NULL,NULL,NULL,0,0,0,NULL,1795890177555512,NULL,NULL,1);
INSERT INTO runs VALUES(6,'tick',1,1,'scheduled',1795890172000000,'',1795890172000000,1795893772000000,'skipped','overlap',NULL,'default',0,0,0,0,NULL,NULL,NULL,0,0,0,NULL,1795890177555512,NULL,NULL,1);
INSERT INTO runs VALUES(7,'tick',1,1,'scheduled',1795890173000000,'',1795890173000000,1795893773000000,'skipped','overlap',NULL,'default',0,0,0,0,NULL,NULL,NULL,0,0,0,NULL,1795890177555512,NULL,NULL,1);
INSERT INTO runs VALUES(8,'tick',1,1,'scheduled',1795890174000000,'',1795890174000000,1795893774000000,'skipped','overlap',NULL,'default',0,0,0,0,NULL,NULL,NULL,0,0,0,NULL,1795890177555512,NULL,NULL,1);
INSERT INTO runs VALUES(9,'tick',1,1,'scheduled',1795890175000000,'',1795890175000000,1795893775000000,'skipped','overlap',NULL,'default',0,0,0,0,NULL,NULL,NULL,0,0,0,NULL,1795890177555512,NULL,NULL,1);
INSERT INTO runs VALUES(10,'tick',1,1,'scheduled',1795890176000000,'',1795890176000000,1795893776000000,'skipped','overlap',NULL,'default',0,0,0,0,NULL,NULL,NULL,0,0,0,NULL,1795890177555512,NULL,NULL,1);
INSERT INTO runs VALUES(11,'tick',1,1,'scheduled',1795890177000000,'',1795890177000000,1795893777000000,'skipped','overlap',NULL,'default',0,0,0,0,NULL,NULL,NULL,0,0,0,NULL,1795890177555512,NULL,NULL,1);
INSERT INTO runs VALUES(12,'tick',1,1,'scheduled',1795890178000000,'',1795890178000000,1795893778000000,'succeeded',NULL,NULL,'default',0,0,1,17,'node-1','57cc6f13dc6600d8',NULL,0,0,0,1795890178000638,1795890178006544,0,NULL,1);
INSERT INTO runs VALUES(13,'tick',1,1,'scheduled',1795890179000000,'',1795890179000000,1795893779000000,'succeeded',NULL,NULL,'default',0,0,1,33,'node-1','57cc6f13dc6600d8',NULL,0,0,0,1795890179000847,1795890179007052,0,NULL,1);
INSERT INTO runs VALUES(14,'tick',1,1,'scheduled',1795890180000000,'',1795890180000000,1795893780000000,'succeeded',NULL,NULL,'default',0,0,1,49,'node-1','57cc6f13dc6600d8',NULL,0,0,0,1795890180000618,1795890180005696,0,NULL,1);
INSERT INTO runs VALUES(15,'tick',1,1,'scheduled',1795890181000000,'',1795890181000000,1795893781000000,'succeeded',NULL,NULL,'default',0,0,1,65,'node-1','57cc6f13dc6600d8',NULL,0,0,0,1795890181000512,1795890181004933,0,NULL,1);
INSERT INTO runs VALUES(16,'tick',1,1,'scheduled',1795890182000000,'',1795890182000000,1795893782000000,'succeeded',NULL,NULL,'default',0,0,1,81,'node-1','57cc6f13dc6600d8',NULL,0,0,0,1795890182000731,1795890182006593,0,NULL,1);
INSERT INTO runs VALUES(17,'tick',1,1,'scheduled',1795890183000000,'',1795890183000000,1795893783000000,'scheduled',NULL,NULL,'default',0,0,0,0,NULL,NULL,NULL,0,0,0,NULL,NULL,NULL,NULL,1);
INSERT INTO runs VALUES(18,'tick',1,1,'scheduled',1795890184000000,'',1795890184000000,1795893784000000,'scheduled',NULL,NULL,'default',0,0,0,0,NULL,NULL,NULL,0,0,0,NULL,NULL,NULL,NULL,1);
INSERT INTO runs VALUES(19,'tick',1,1,'scheduled',1795890185000000,'',1795890185000000,1795893785000000,'scheduled',NULL,NULL,'default',0,0,0,0,NULL,NULL,NULL,0,0,0,NULL,NULL,NULL,NULL,1);
INSERT INTO runs VALUES(20,'tick',1,1,'scheduled',1795890186000000,'',1795890186000000,1795893786000000,'scheduled',NULL,NULL,'default',0,0,0,0,NULL,NULL,NULL,0,0,0,NULL,NULL,NULL,NULL,1);
INSERT INTO runs VALUES(21,'tick',1,1,'scheduled',1795890187000000,'',1795890187000000,1795893787000000,'scheduled',NULL,NULL,'default',0,0,0,0,NULL,NULL,NULL,0,0,0,NULL,NULL,NULL,NULL,1);
INSERT INTO runs VALUES(22,'broken',1,1,'scheduled',1795890136000000,'',1795890136000000,NULL,'missed','coalesced',NULL,'default',0,0,0,0,NULL,NULL,NULL,0,0,0,NULL,1795890177396948,NULL,1795890166000000,16);
INSERT INTO runs VALUES(23,'broken',1,1,'scheduled',1795890168000000,'',1795890168000000,1795893768000000,'failed',NULL,'exit code 3','default',0,0,1,2,'node-1','57cc6f13dc6600d8',NULL,0,1,0,1795890177555512,1795890177569605,3,NULL,1);
INSERT INTO runs VALUES(24,'broken',1,1,'scheduled',1795890170000000,'',1795890170000000,1795893770000000,'skipped','overlap',NULL,'default',0,0,0,0,NULL,NULL,NULL,0,0,0,NULL,1795890177555512,NULL,NULL,1);
INSERT INTO runs VALUES(25,'broken',1,1,'scheduled',1795890172000000,'',1795890172000000,1795893772000000,'skipped','overlap',NULL,'default',0,0,0,0,NULL,NULL,NULL,0,0,0,NULL,1795890177555512,NULL,NULL,1);
INSERT INTO runs VALUES(26,'broken',1,1,'scheduled',1795890174000000,'',1795890174000000,1795893774000000,'skipped','overlap',NULL,'default',0,0,0,0,NULL,NULL,NULL,0,0,0,NULL,1795890177555512,NULL,NULL,1);
INSERT INTO runs VALUES(27,'broken',1,1,'scheduled',1795890176000000,'',1795890176000000,1795893776000000,'skipped','overlap',NULL,'default',0,0,0,0,NULL,NULL,NULL,0,0,0,NULL,1795890177555512,NULL,NULL,1);
INSERT INTO runs VALUES(28,'broken',1,1,'scheduled',1795890178000000,'',1795890178000000,1795893778000000,'failed',NULL,'exit code 3','default',0,0,1,18,'node-1','57cc6f13dc6600d8',NULL,0,1,0,1795890178000638,1795890178008534,3,NULL,1);
INSERT INTO runs VALUES(29,'broken',1,1,'scheduled',1795890180000000,'',1795890180000000,1795893780000000,'failed',NULL,'exit code 3','default',0,0,1,50,'node-1','57cc6f13dc6600d8',NULL,0,1,0,1795890180000618,1795890180007150,3,NULL,1);
INSERT INTO runs VALUES(30,'broken',1,1,'scheduled',1795890182000000,'',1795890182000000,1795893782000000,'failed',NULL,'exit code 3','default',0,0,1,82,'node-1','57cc6f13dc6600d8',NULL,0,1,0,1795890182000731,1795890182008170,3,NULL,1);
INSERT INTO runs VALUES(31,'broken',1,1,'scheduled',1795890184000000,'',1795890184000000,1795893784000000,'scheduled',NULL,NULL,'default',0,0,0,0,NULL,NULL,NULL,0,0,0,NULL,NULL,NULL,NULL,1);
INSERT INTO runs VALUES(32,'broken',1,1,'scheduled',1795890186000000,'',1795890186000000,1795893786000000,'scheduled',NULL,NULL,'default',0,0,0,0,NULL,NULL,NULL,0,0,0,NULL,NULL,NULL,NULL,1);
INSERT INTO runs VALUES(33,'hand',1,1,'manual',1795890182398256,'3b6c78a7-ab65-4ca4-9f5d-cb8c3f0dce4b',1795890182398256,NULL,'scheduled',NULL,NULL,'default',0,0,0,0,NULL,NULL,NULL,0,0,0,NULL,NULL,NULL,NULL,1);
CREATE TABLE attempts (
    run_id INTEGER NOT NULL, number INTEGER NOT NULL, fence INTEGER NOT NULL, node TEXT NOT NULL,
    boot TEXT NOT NULL, started_at INTEGER NOT NULL, finished_at INTEGER, outcome TEXT, message TEXT,
    exit_code INTEGER, PRIMARY KEY (run_id, number)
) WITHOUT ROWID;
INSERT INTO attempts VALUES(2,1,1,'node-1','57cc6f13dc6600d8',1795890177555512,1795890177567118,'succeeded',NULL,0);
INSERT INTO attempts VALUES(12,1,17,'node-1','57cc6f13dc6600d8',1795890178000638,1795890178006544,'succeeded',NULL,0);
INSERT INTO attempts VALUES(13,1,33,'node-1','57cc6f13dc6600d8',1795890179000847,1795890179007052,'succeeded',NULL,0);
INSERT INTO attempts VALUES(14,1,49,'node-1','57cc6f13dc6600d8',1795890180000618,1795890180005696,'succeeded',NULL,0);
INSERT INTO attempts VALUES(15,1,65,'node-1','57cc6f13dc6600d8',1795890181000512,1795890181004933,'succeeded',NULL,0);
INSERT INTO attempts VALUES(16,1,81,'node-1','57cc6f13dc6600d8',1795890182000731,1795890182006593,'succeeded',NULL,0);
INSERT INTO attempts VALUES(23,1,2,'node-1','57cc6f13dc6600d8',1795890177555512,1795890177569605,'failed','exit code 3',3);
INSERT INTO attempts VALUES(28,1,18,'node-1','57cc6f13dc6600d8',1795890178000638,1795890178008534,'failed','exit code 3',3);
INSERT INTO attempts VALUES(29,1,50,'node-1','57cc6f13dc6600d8',1795890180000618,1795890180007150,'failed','exit code 3',3);
INSERT INTO attempts VALUES(30,1,82,'node-1','57cc6f13dc6600d8',1795890182000731,1795890182008170,'failed','exit code 3',3);
CREATE TABLE logs (
    run_id INTEGER NOT NULL, attempt INTEGER NOT NULL, sequence INTEGER NOT NULL, stream TEXT NOT NULL,
    at INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (run_id, attempt, sequence)
);
CREATE TABLE scheduled_job_status (
    job_name TEXT PRIMARY KEY NOT NULL, status TEXT NOT NULL, last_run_at INTEGER, node_id TEXT,
    run_id INTEGER, fence INTEGER NOT NULL DEFAULT 0, last_success_at INTEGER,
    failures_in_a_row INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
INSERT INTO scheduled_job_status VALUES('broken','failed',1795890182000731,'node-1',30,82,NULL,4);
INSERT INTO scheduled_job_status VALUES('tick','success',1795890182000731,'node-1',16,81,1795890182006593,0);
CREATE TABLE nodes (
    boot TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, joined_at INTEGER NOT NULL,
    lease_until INTEGER NOT NULL, gone_at INTEGER, roles TEXT NOT NULL, slots INTEGER NOT NULL,
    queues TEXT NOT NULL, version TEXT NOT NULL, process_id INTEGER NOT NULL, zones TEXT NOT NULL,
    skew INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO nodes VALUES('57cc6f13dc6600d8','node-1',1795890177549766,1795890190060508,1795890182333854,'["beat","worker","web"]',16,'["default"]','0.1.0',22491,'2025b',0);
CREATE TABLE leases (
    name TEXT PRIMARY KEY NOT NULL, holder TEXT NOT NULL, term INTEGER NOT NULL, expires_at INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO leases VALUES('beat','57cc6f13dc6600d8',1,1795890182332340);
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, kind TEXT NOT NULL, job_name TEXT,
    run_id INTEGER, actor TEXT NOT NULL, message TEXT NOT NULL
);
INSERT INTO events VALUES(1,1795890134062978,'job.added','backup',NULL,'anna@node-1','version 1 from file:/srv/shop/onebeat.yaml');
INSERT INTO events VALUES(2,1795890134062978,'job.added','broken',NULL,'anna@node-1','version 1 from file:/srv/shop/onebeat.yaml');
INSERT INTO events VALUES(3,1795890134062978,'job.added','call',NULL,'anna@node-1','version 1 from file:/srv/shop/onebeat.yaml');
INSERT INTO events VALUES(4,1795890134062978,'job.added','hand',NULL,'anna@node-1','version 1 from file:/srv/shop/onebeat.yaml');
INSERT INTO events VALUES(5,1795890134062978,'job.added','once',NULL,'anna@node-1','version 1 from file:/srv/shop/onebeat.yaml');
INSERT INTO events VALUES(6,1795890134062978,'job.added','pause',NULL,'anna@node-1','version 1 from file:/srv/shop/onebeat.yaml');
INSERT INTO events VALUES(7,1795890134062978,'job.added','rate',NULL,'anna@node-1','version 1 from file:/srv/shop/onebeat.yaml');
INSERT INTO events VALUES(8,1795890134062978,'job.added','tick',NULL,'anna@node-1','version 1 from file:/srv/shop/onebeat.yaml');
INSERT INTO events VALUES(9,1795890134399747,'job.paused','hand',NULL,'anna@node-1','');
INSERT INTO events VALUES(10,1795890177549766,'node.joined',NULL,NULL,'node-1','57cc6f13dc6600d8');
INSERT INTO events VALUES(11,1795890177554157,'leader.elected',NULL,NULL,'node-1','term 1');
INSERT INTO events VALUES(12,1795890182333854,'node.left',NULL,NULL,'node-1','57cc6f13dc6600d8');
INSERT INTO events VALUES(13,1795890182398256,'run.triggered','hand',33,'anna@node-1','request 3b6c78a7-ab65-4ca4-9f5d-cb8c3f0dce4b');
CREATE TABLE meta (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES('incarnation','3fc0d4b40921e61bd9ac3059bfbdefe0');
CREATE TABLE counters (name TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO counters VALUES('fence',96);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('events',13);
INSERT INTO sqlite_sequence VALUES('runs',33);
CREATE INDEX jobs_next ON jobs(next_at) WHERE next_at IS NOT NULL;
CREATE UNIQUE INDEX runs_once ON runs(job_name, generation, scheduled_at, kind, request_id);
CREATE UNIQUE INDEX runs_request ON runs(job_name, generation, request_id) WHERE kind = 'manual';
CREATE INDEX runs_by_job ON runs(job_name, id);
CREATE INDEX runs_due ON runs(queue, priority, due_at, id) WHERE state = 'scheduled' AND is_held = 0;
CREATE INDEX runs_held ON runs(job_name, due_at, id) WHERE state = 'scheduled' AND is_held = 1;
CREATE INDEX runs_active ON runs(job_name, kind) WHERE state = 'running';
CREATE INDEX runs_trouble ON runs(id) WHERE state IN ('dead', 'failed', 'lost', 'missed', 'timed_out');
CREATE INDEX runs_of_boot ON runs(boot) WHERE state = 'running';
CREATE INDEX nodes_alive ON nodes(lease_until) WHERE gone_at IS NULL;
CREATE INDEX events_by_job ON events(job_name, id) WHERE job_name IS NOT NULL;
COMMIT;
