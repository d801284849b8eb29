SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.attempts (
    run_id bigint NOT NULL,
    number bigint NOT NULL,
    fence bigint NOT NULL,
    node text NOT NULL,
    boot text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    outcome text,
    message text,
    exit_code bigint
);
CREATE TABLE public.definitions (
    job_name text NOT NULL COLLATE pg_catalog."C",
    generation bigint NOT NULL,
    version bigint NOT NULL,
    definition text NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.events (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    job_name text,
    run_id bigint,
    actor text NOT NULL,
    message text NOT NULL
);
ALTER TABLE public.events ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE SEQUENCE public.fences
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE public.jobs (
    name text NOT NULL COLLATE pg_catalog."C",
    generation bigint NOT NULL,
    version bigint NOT NULL,
    source text NOT NULL,
    is_paused boolean DEFAULT false NOT NULL,
    watermark timestamp with time zone NOT NULL,
    next_at timestamp with time zone,
    delay interval,
    created_at timestamp with time zone NOT NULL,
    removed_at timestamp with time zone,
    queue text NOT NULL,
    priority bigint NOT NULL,
    is_guarded boolean NOT NULL
);
COMMENT ON COLUMN public.jobs.is_guarded IS 'has, or had, a limit or a delay: claims and ends of its runs lock this row';
CREATE TABLE public.leases (
    name text NOT NULL,
    holder text NOT NULL,
    term bigint NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE TABLE public.logs (
    run_id bigint NOT NULL,
    attempt bigint NOT NULL,
    sequence bigint NOT NULL,
    stream text NOT NULL,
    at timestamp with time zone NOT NULL,
    bytes bytea NOT NULL
);
CREATE TABLE public.meta (
    key text NOT NULL,
    value text NOT NULL
);
CREATE TABLE public.nodes (
    boot text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL,
    joined_at timestamp with time zone NOT NULL,
    lease_until timestamp with time zone NOT NULL,
    gone_at timestamp with time zone,
    roles text[] NOT NULL,
    slots bigint NOT NULL,
    queues text[] NOT NULL,
    version text NOT NULL,
    process_id bigint NOT NULL,
    zones text NOT NULL,
    skew bigint NOT NULL
);
CREATE TABLE public.runs (
    id bigint NOT NULL,
    job_name text NOT NULL COLLATE pg_catalog."C",
    generation bigint NOT NULL,
    version bigint NOT NULL,
    kind text NOT NULL,
    scheduled_at timestamp with time zone NOT NULL,
    request_id text DEFAULT ''::text NOT NULL,
    due_at timestamp with time zone NOT NULL,
    deadline_at timestamp with time zone,
    state text NOT NULL,
    reason text,
    message text,
    queue text NOT NULL,
    priority bigint NOT NULL,
    is_held boolean DEFAULT false NOT NULL,
    attempt bigint DEFAULT 0 NOT NULL,
    fence bigint DEFAULT 0 NOT NULL,
    node text,
    boot text,
    nonce text,
    crashes bigint DEFAULT 0 NOT NULL,
    failures bigint DEFAULT 0 NOT NULL,
    is_cancel_requested boolean DEFAULT false NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    exit_code bigint,
    range_end timestamp with time zone,
    count bigint DEFAULT 1 NOT NULL
);
ALTER TABLE public.runs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.runs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.scheduled_job_status (
    job_name text NOT NULL COLLATE pg_catalog."C",
    status text NOT NULL,
    last_run_at timestamp with time zone,
    node_id text,
    run_id bigint,
    fence bigint DEFAULT 0 NOT NULL,
    last_success_at timestamp with time zone,
    failures_in_a_row bigint DEFAULT 0 NOT NULL
);
INSERT INTO public.attempts VALUES (2, 1, 2, 'node-1', '6332aff2776a54be', '2026-11-28 18:23:02.530892+00', '2026-11-28 18:23:02.548595+00', 'failed', 'exit code 3', 3);
INSERT INTO public.attempts VALUES (13, 1, 1, 'node-1', '6332aff2776a54be', '2026-11-28 18:23:02.530892+00', '2026-11-28 18:23:02.555413+00', 'succeeded', NULL, 0);
INSERT INTO public.attempts VALUES (23, 1, 16, 'node-1', '6332aff2776a54be', '2026-11-28 18:23:03.001408+00', '2026-11-28 18:23:03.008423+00', 'succeeded', NULL, 0);
INSERT INTO public.attempts VALUES (7, 1, 17, 'node-1', '6332aff2776a54be', '2026-11-28 18:23:04.001678+00', '2026-11-28 18:23:04.008751+00', 'failed', 'exit code 3', 3);
INSERT INTO public.attempts VALUES (24, 1, 18, 'node-1', '6332aff2776a54be', '2026-11-28 18:23:04.001678+00', '2026-11-28 18:23:04.011524+00', 'succeeded', NULL, 0);
INSERT INTO public.attempts VALUES (25, 1, 19, 'node-1', '6332aff2776a54be', '2026-11-28 18:23:05.000973+00', '2026-11-28 18:23:05.004763+00', 'succeeded', NULL, 0);
INSERT INTO public.attempts VALUES (8, 1, 20, 'node-1', '6332aff2776a54be', '2026-11-28 18:23:06.000893+00', '2026-11-28 18:23:06.005886+00', 'failed', 'exit code 3', 3);
INSERT INTO public.attempts VALUES (26, 1, 21, 'node-1', '6332aff2776a54be', '2026-11-28 18:23:06.000893+00', '2026-11-28 18:23:06.007427+00', 'succeeded', NULL, 0);
INSERT INTO public.attempts VALUES (27, 1, 22, 'node-1', '6332aff2776a54be', '2026-11-28 18:23:07.001079+00', '2026-11-28 18:23:07.007406+00', 'succeeded', NULL, 0);
INSERT INTO public.definitions VALUES ('backup', 1, 1, '{"description":"Saves the shop","name":"backup","policies":{"catchUp":7,"deadline":[487,16435636103448363008],"delivery":"at_most_once","expect":[1,11553255926290448384],"limit":2,"missed":"all","overlap":"queue","priority":5,"queue":"default","retry":{"backoff":[0,10000000000000000000],"jitter":0.5,"limit":3,"max":[32,9704189641294348288]},"timeout":[292,13550730476810928128]},"schedule":{"cron":["0 3 * * *","30 4 * * sun"],"dst":{"gap":"skip","overlap":"both"},"except":["2026-12-24/2026-12-26"],"spread":"5m","timezone":"Europe/Berlin"},"work":{"shell":{"_0":"echo saved","_1":{"cpu":600,"directory":"/tmp","environment":{"LEVEL":"9"},"grace":[1,1553255926290448384],"memory":536870912,"nice":5}}}}', '2026-11-28 18:22:15.86175+00');
INSERT INTO public.definitions VALUES ('broken', 1, 1, '{"name":"broken","policies":{"catchUp":100,"deadline":[195,2884905626637434880],"delivery":"at_least_once","missed":"latest","overlap":"skip","priority":0,"queue":"default","retry":{"backoff":[0,10000000000000000000],"jitter":0.2,"limit":0,"max":[195,2884905626637434880]}},"schedule":{"every":"2s","timezone":"Europe/Berlin"},"work":{"shell":{"_0":"exit 3","_1":{"environment":{},"grace":[0,10000000000000000000]}}}}', '2026-11-28 18:22:15.86175+00');
INSERT INTO public.definitions VALUES ('call', 1, 1, '{"name":"call","policies":{"catchUp":100,"deadline":[195,2884905626637434880],"delivery":"at_least_once","missed":"latest","overlap":"skip","priority":0,"queue":"default","retry":{"backoff":[0,10000000000000000000],"jitter":0.2,"limit":0,"max":[195,2884905626637434880]}},"schedule":{"every":"1h","timezone":"Europe/Berlin"},"work":{"http":{"_0":{"body":"{}","expected":[200,201],"headers":{"X-A":"b"},"method":"POST","timeout":[0,5000000000000000000],"url":"http://127.0.0.1:1/"}}}}', '2026-11-28 18:22:15.86175+00');
INSERT INTO public.definitions VALUES ('hand', 1, 1, '{"name":"hand","policies":{"catchUp":100,"deadline":[195,2884905626637434880],"delivery":"at_least_once","missed":"latest","overlap":"skip","priority":0,"queue":"default","retry":{"backoff":[0,10000000000000000000],"jitter":0.2,"limit":0,"max":[195,2884905626637434880]}},"schedule":{"timezone":"Europe/Berlin"},"work":{"command":{"_0":["true"],"_1":{"environment":{},"grace":[0,10000000000000000000]}}}}', '2026-11-28 18:22:15.86175+00');
INSERT INTO public.definitions VALUES ('once', 1, 1, '{"name":"once","policies":{"catchUp":100,"deadline":[195,2884905626637434880],"delivery":"at_least_once","missed":"latest","overlap":"skip","priority":0,"queue":"default","retry":{"backoff":[0,10000000000000000000],"jitter":0.2,"limit":0,"max":[195,2884905626637434880]}},"schedule":{"at":["2030-12-24T17:00:00Z"],"timezone":"Europe/Berlin"},"work":{"shell":{"_0":"true","_1":{"environment":{},"grace":[0,10000000000000000000]}}}}', '2026-11-28 18:22:15.86175+00');
INSERT INTO public.definitions VALUES ('pause', 1, 1, '{"name":"pause","policies":{"catchUp":100,"deadline":[195,2884905626637434880],"delivery":"at_least_once","missed":"latest","overlap":"skip","priority":0,"queue":"default","retry":{"backoff":[0,10000000000000000000],"jitter":0.2,"limit":0,"max":[195,2884905626637434880]}},"schedule":{"delay":"5m","timezone":"Europe/Berlin"},"work":{"command":{"_0":["/bin/true"],"_1":{"environment":{},"grace":[0,10000000000000000000]}}}}', '2026-11-28 18:22:15.86175+00');
INSERT INTO public.definitions VALUES ('rate', 1, 1, '{"name":"rate","policies":{"catchUp":100,"deadline":[195,2884905626637434880],"delivery":"at_least_once","missed":"latest","overlap":"skip","priority":0,"queue":"default","retry":{"backoff":[0,10000000000000000000],"jitter":0.2,"limit":0,"max":[195,2884905626637434880]}},"schedule":{"repeat":"R10/2030-01-01T00:00:00Z/PT6H","timezone":"Europe/Berlin"},"work":{"shell":{"_0":"true","_1":{"environment":{},"grace":[0,10000000000000000000]}}}}', '2026-11-28 18:22:15.86175+00');
INSERT INTO public.definitions VALUES ('tick', 1, 1, '{"name":"tick","policies":{"catchUp":100,"deadline":[195,2884905626637434880],"delivery":"at_least_once","missed":"latest","overlap":"skip","priority":0,"queue":"default","retry":{"backoff":[0,10000000000000000000],"jitter":0.2,"limit":0,"max":[195,2884905626637434880]}},"schedule":{"every":"1s","timezone":"Europe/Berlin"},"work":{"command":{"_0":["true"],"_1":{"environment":{},"grace":[0,10000000000000000000]}}}}', '2026-11-28 18:22:15.86175+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (1, '2026-11-28 18:22:15.86175+00', 'job.added', 'backup', NULL, 'anna@node-1', 'version 1 from file:/srv/shop/onebeat.yaml');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (2, '2026-11-28 18:22:15.86175+00', 'job.added', 'broken', NULL, 'anna@node-1', 'version 1 from file:/srv/shop/onebeat.yaml');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (3, '2026-11-28 18:22:15.86175+00', 'job.added', 'call', NULL, 'anna@node-1', 'version 1 from file:/srv/shop/onebeat.yaml');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (4, '2026-11-28 18:22:15.86175+00', 'job.added', 'hand', NULL, 'anna@node-1', 'version 1 from file:/srv/shop/onebeat.yaml');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (5, '2026-11-28 18:22:15.86175+00', 'job.added', 'once', NULL, 'anna@node-1', 'version 1 from file:/srv/shop/onebeat.yaml');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (6, '2026-11-28 18:22:15.86175+00', 'job.added', 'pause', NULL, 'anna@node-1', 'version 1 from file:/srv/shop/onebeat.yaml');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (7, '2026-11-28 18:22:15.86175+00', 'job.added', 'rate', NULL, 'anna@node-1', 'version 1 from file:/srv/shop/onebeat.yaml');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (8, '2026-11-28 18:22:15.86175+00', 'job.added', 'tick', NULL, 'anna@node-1', 'version 1 from file:/srv/shop/onebeat.yaml');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (9, '2026-11-28 18:23:02.521651+00', 'node.joined', NULL, NULL, 'node-1', '6332aff2776a54be');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (10, '2026-11-28 18:23:02.527727+00', 'leader.elected', NULL, NULL, 'node-1', 'term 1');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (11, '2026-11-28 18:23:07.41559+00', 'node.left', NULL, NULL, 'node-1', '6332aff2776a54be');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (12, '2026-11-28 18:23:07.513595+00', 'run.triggered', 'hand', 33, 'anna@node-1', 'request df8f1c70-a29a-4873-9951-32bb27dbf417');
INSERT INTO public.jobs VALUES ('backup', 1, 1, 'file:/srv/shop/onebeat.yaml', false, '2026-11-28 18:22:15.86175+00', '2026-11-29 02:00:00+00', NULL, '2026-11-28 18:22:15.86175+00', NULL, 'default', 5, true);
INSERT INTO public.jobs VALUES ('call', 1, 1, 'file:/srv/shop/onebeat.yaml', false, '2026-11-28 18:22:15.86175+00', '2026-11-28 19:00:00+00', NULL, '2026-11-28 18:22:15.86175+00', NULL, 'default', 0, true);
INSERT INTO public.jobs VALUES ('hand', 1, 1, 'file:/srv/shop/onebeat.yaml', true, '2026-11-28 18:22:15.86175+00', NULL, NULL, '2026-11-28 18:22:15.86175+00', NULL, 'default', 0, true);
INSERT INTO public.jobs VALUES ('once', 1, 1, 'file:/srv/shop/onebeat.yaml', false, '2026-11-28 18:22:15.86175+00', '2030-12-24 17:00:00+00', NULL, '2026-11-28 18:22:15.86175+00', NULL, 'default', 0, true);
INSERT INTO public.jobs VALUES ('pause', 1, 1, 'file:/srv/shop/onebeat.yaml', false, '2026-11-28 18:22:15.86175+00', '2026-11-28 18:27:15.86175+00', '00:05:00', '2026-11-28 18:22:15.86175+00', NULL, 'default', 0, true);
INSERT INTO public.jobs VALUES ('rate', 1, 1, 'file:/srv/shop/onebeat.yaml', false, '2026-11-28 18:22:15.86175+00', '2030-01-01 00:00:00+00', NULL, '2026-11-28 18:22:15.86175+00', NULL, 'default', 0, true);
INSERT INTO public.jobs VALUES ('broken', 1, 1, 'file:/srv/shop/onebeat.yaml', false, '2026-11-28 18:23:12+00', '2026-11-28 18:23:14+00', NULL, '2026-11-28 18:22:15.86175+00', NULL, 'default', 0, true);
INSERT INTO public.jobs VALUES ('tick', 1, 1, 'file:/srv/shop/onebeat.yaml', false, '2026-11-28 18:23:12+00', '2026-11-28 18:23:13+00', NULL, '2026-11-28 18:22:15.86175+00', NULL, 'default', 0, true);
INSERT INTO public.leases VALUES ('beat', '6332aff2776a54be', 1, '2026-11-28 18:23:07.412243+00');
INSERT INTO public.meta VALUES ('incarnation', 'deb9b4645fc6481aa305503c8faba2ec');
INSERT INTO public.meta VALUES ('schema', '1');
INSERT INTO public.nodes VALUES ('6332aff2776a54be', 'node-1', '2026-11-28 18:23:02.521651+00', '2026-11-28 18:23:15.061472+00', '2026-11-28 18:23:07.41559+00', '{beat,worker,web}', 16, '{default}', '0.1.0', 22596, '2025b', 0);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (1, 'broken', 1, 1, 'scheduled', '2026-11-28 18:22:16+00', '', '2026-11-28 18:22:16+00', NULL, 'missed', 'coalesced', NULL, 'default', 0, false, 0, 0, NULL, NULL, NULL, 0, 0, false, NULL, '2026-11-28 18:23:02.49028+00', NULL, '2026-11-28 18:22:52+00', 19);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (9, 'broken', 1, 1, 'scheduled', '2026-11-28 18:23:08+00', '', '2026-11-28 18:23:08+00', '2026-11-28 19:23:08+00', 'scheduled', NULL, NULL, 'default', 0, false, 0, 0, NULL, NULL, NULL, 0, 0, false, NULL, NULL, NULL, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (10, 'broken', 1, 1, 'scheduled', '2026-11-28 18:23:10+00', '', '2026-11-28 18:23:10+00', '2026-11-28 19:23:10+00', 'scheduled', NULL, NULL, 'default', 0, false, 0, 0, NULL, NULL, NULL, 0, 0, false, NULL, NULL, NULL, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (11, 'broken', 1, 1, 'scheduled', '2026-11-28 18:23:12+00', '', '2026-11-28 18:23:12+00', '2026-11-28 19:23:12+00', 'scheduled', NULL, NULL, 'default', 0, false, 0, 0, NULL, NULL, NULL, 0, 0, false, NULL, NULL, NULL, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (12, 'tick', 1, 1, 'scheduled', '2026-11-28 18:22:16+00', '', '2026-11-28 18:22:16+00', NULL, 'missed', 'coalesced', NULL, 'default', 0, false, 0, 0, NULL, NULL, NULL, 0, 0, false, NULL, '2026-11-28 18:23:02.490973+00', NULL, '2026-11-28 18:22:52+00', 37);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (28, 'tick', 1, 1, 'scheduled', '2026-11-28 18:23:08+00', '', '2026-11-28 18:23:08+00', '2026-11-28 19:23:08+00', 'scheduled', NULL, NULL, 'default', 0, false, 0, 0, NULL, NULL, NULL, 0, 0, false, NULL, NULL, NULL, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (29, 'tick', 1, 1, 'scheduled', '2026-11-28 18:23:09+00', '', '2026-11-28 18:23:09+00', '2026-11-28 19:23:09+00', 'scheduled', NULL, NULL, 'default', 0, false, 0, 0, NULL, NULL, NULL, 0, 0, false, NULL, NULL, NULL, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (30, 'tick', 1, 1, 'scheduled', '2026-11-28 18:23:10+00', '', '2026-11-28 18:23:10+00', '2026-11-28 19:23:10+00', 'scheduled', NULL, NULL, 'default', 0, false, 0, 0, NULL, NULL, NULL, 0, 0, false, NULL, NULL, NULL, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (31, 'tick', 1, 1, 'scheduled', '2026-11-28 18:23:11+00', '', '2026-11-28 18:23:11+00', '2026-11-28 19:23:11+00', 'scheduled', NULL, NULL, 'default', 0, false, 0, 0, NULL, NULL, NULL, 0, 0, false, NULL, NULL, NULL, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (32, 'tick', 1, 1, 'scheduled', '2026-11-28 18:23:12+00', '', '2026-11-28 18:23:12+00', '2026-11-28 19:23:12+00', 'scheduled', NULL, NULL, 'default', 0, false, 0, 0, NULL, NULL, NULL, 0, 0, false, NULL, NULL, NULL, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (14, 'tick', 1, 1, 'scheduled', '2026-11-28 18:22:54+00', '', '2026-11-28 18:22:54+00', '2026-11-28 19:22:54+00', 'skipped', 'overlap', NULL, 'default', 0, false, 0, 0, NULL, NULL, NULL, 0, 0, false, NULL, '2026-11-28 18:23:02.535928+00', NULL, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (15, 'tick', 1, 1, 'scheduled', '2026-11-28 18:22:55+00', '', '2026-11-28 18:22:55+00', '2026-11-28 19:22:55+00', 'skipped', 'overlap', NULL, 'default', 0, false, 0, 0, NULL, NULL, NULL, 0, 0, false, NULL, '2026-11-28 18:23:02.535928+00', NULL, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (3, 'broken', 1, 1, 'scheduled', '2026-11-28 18:22:56+00', '', '2026-11-28 18:22:56+00', '2026-11-28 19:22:56+00', 'skipped', 'overlap', NULL, 'default', 0, false, 0, 0, NULL, NULL, NULL, 0, 0, false, NULL, '2026-11-28 18:23:02.535928+00', NULL, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (16, 'tick', 1, 1, 'scheduled', '2026-11-28 18:22:56+00', '', '2026-11-28 18:22:56+00', '2026-11-28 19:22:56+00', 'skipped', 'overlap', NULL, 'default', 0, false, 0, 0, NULL, NULL, NULL, 0, 0, false, NULL, '2026-11-28 18:23:02.535928+00', NULL, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (17, 'tick', 1, 1, 'scheduled', '2026-11-28 18:22:57+00', '', '2026-11-28 18:22:57+00', '2026-11-28 19:22:57+00', 'skipped', 'overlap', NULL, 'default', 0, false, 0, 0, NULL, NULL, NULL, 0, 0, false, NULL, '2026-11-28 18:23:02.535928+00', NULL, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (2, 'broken', 1, 1, 'scheduled', '2026-11-28 18:22:54+00', '', '2026-11-28 18:22:54+00', '2026-11-28 19:22:54+00', 'failed', NULL, 'exit code 3', 'default', 0, false, 1, 2, 'node-1', '6332aff2776a54be', NULL, 0, 1, false, '2026-11-28 18:23:02.530892+00', '2026-11-28 18:23:02.548595+00', 3, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (13, 'tick', 1, 1, 'scheduled', '2026-11-28 18:22:53+00', '', '2026-11-28 18:22:53+00', '2026-11-28 19:22:53+00', 'succeeded', NULL, NULL, 'default', 0, false, 1, 1, 'node-1', '6332aff2776a54be', NULL, 0, 0, false, '2026-11-28 18:23:02.530892+00', '2026-11-28 18:23:02.555413+00', 0, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (23, 'tick', 1, 1, 'scheduled', '2026-11-28 18:23:03+00', '', '2026-11-28 18:23:03+00', '2026-11-28 19:23:03+00', 'succeeded', NULL, NULL, 'default', 0, false, 1, 16, 'node-1', '6332aff2776a54be', NULL, 0, 0, false, '2026-11-28 18:23:03.001408+00', '2026-11-28 18:23:03.008423+00', 0, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (7, 'broken', 1, 1, 'scheduled', '2026-11-28 18:23:04+00', '', '2026-11-28 18:23:04+00', '2026-11-28 19:23:04+00', 'failed', NULL, 'exit code 3', 'default', 0, false, 1, 17, 'node-1', '6332aff2776a54be', NULL, 0, 1, false, '2026-11-28 18:23:04.001678+00', '2026-11-28 18:23:04.008751+00', 3, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (24, 'tick', 1, 1, 'scheduled', '2026-11-28 18:23:04+00', '', '2026-11-28 18:23:04+00', '2026-11-28 19:23:04+00', 'succeeded', NULL, NULL, 'default', 0, false, 1, 18, 'node-1', '6332aff2776a54be', NULL, 0, 0, false, '2026-11-28 18:23:04.001678+00', '2026-11-28 18:23:04.011524+00', 0, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (25, 'tick', 1, 1, 'scheduled', '2026-11-28 18:23:05+00', '', '2026-11-28 18:23:05+00', '2026-11-28 19:23:05+00', 'succeeded', NULL, NULL, 'default', 0, false, 1, 19, 'node-1', '6332aff2776a54be', NULL, 0, 0, false, '2026-11-28 18:23:05.000973+00', '2026-11-28 18:23:05.004763+00', 0, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (8, 'broken', 1, 1, 'scheduled', '2026-11-28 18:23:06+00', '', '2026-11-28 18:23:06+00', '2026-11-28 19:23:06+00', 'failed', NULL, 'exit code 3', 'default', 0, false, 1, 20, 'node-1', '6332aff2776a54be', NULL, 0, 1, false, '2026-11-28 18:23:06.000893+00', '2026-11-28 18:23:06.005886+00', 3, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (26, 'tick', 1, 1, 'scheduled', '2026-11-28 18:23:06+00', '', '2026-11-28 18:23:06+00', '2026-11-28 19:23:06+00', 'succeeded', NULL, NULL, 'default', 0, false, 1, 21, 'node-1', '6332aff2776a54be', NULL, 0, 0, false, '2026-11-28 18:23:06.000893+00', '2026-11-28 18:23:06.007427+00', 0, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (27, 'tick', 1, 1, 'scheduled', '2026-11-28 18:23:07+00', '', '2026-11-28 18:23:07+00', '2026-11-28 19:23:07+00', 'succeeded', NULL, NULL, 'default', 0, false, 1, 22, 'node-1', '6332aff2776a54be', NULL, 0, 0, false, '2026-11-28 18:23:07.001079+00', '2026-11-28 18:23:07.007406+00', 0, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (4, 'broken', 1, 1, 'scheduled', '2026-11-28 18:22:58+00', '', '2026-11-28 18:22:58+00', '2026-11-28 19:22:58+00', 'skipped', 'overlap', NULL, 'default', 0, false, 0, 0, NULL, NULL, NULL, 0, 0, false, NULL, '2026-11-28 18:23:02.535928+00', NULL, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (18, 'tick', 1, 1, 'scheduled', '2026-11-28 18:22:58+00', '', '2026-11-28 18:22:58+00', '2026-11-28 19:22:58+00', 'skipped', 'overlap', NULL, 'default', 0, false, 0, 0, NULL, NULL, NULL, 0, 0, false, NULL, '2026-11-28 18:23:02.535928+00', NULL, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (19, 'tick', 1, 1, 'scheduled', '2026-11-28 18:22:59+00', '', '2026-11-28 18:22:59+00', '2026-11-28 19:22:59+00', 'skipped', 'overlap', NULL, 'default', 0, false, 0, 0, NULL, NULL, NULL, 0, 0, false, NULL, '2026-11-28 18:23:02.535928+00', NULL, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (5, 'broken', 1, 1, 'scheduled', '2026-11-28 18:23:00+00', '', '2026-11-28 18:23:00+00', '2026-11-28 19:23:00+00', 'skipped', 'overlap', NULL, 'default', 0, false, 0, 0, NULL, NULL, NULL, 0, 0, false, NULL, '2026-11-28 18:23:02.535928+00', NULL, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (20, 'tick', 1, 1, 'scheduled', '2026-11-28 18:23:00+00', '', '2026-11-28 18:23:00+00', '2026-11-28 19:23:00+00', 'skipped', 'overlap', NULL, 'default', 0, false, 0, 0, NULL, NULL, NULL, 0, 0, false, NULL, '2026-11-28 18:23:02.535928+00', NULL, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (21, 'tick', 1, 1, 'scheduled', '2026-11-28 18:23:01+00', '', '2026-11-28 18:23:01+00', '2026-11-28 19:23:01+00', 'skipped', 'overlap', NULL, 'default', 0, false, 0, 0, NULL, NULL, NULL, 0, 0, false, NULL, '2026-11-28 18:23:02.535928+00', NULL, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (6, 'broken', 1, 1, 'scheduled', '2026-11-28 18:23:02+00', '', '2026-11-28 18:23:02+00', '2026-11-28 19:23:02+00', 'skipped', 'overlap', NULL, 'default', 0, false, 0, 0, NULL, NULL, NULL, 0, 0, false, NULL, '2026-11-28 18:23:02.535928+00', NULL, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (22, 'tick', 1, 1, 'scheduled', '2026-11-28 18:23:02+00', '', '2026-11-28 18:23:02+00', '2026-11-28 19:23:02+00', 'skipped', 'overlap', NULL, 'default', 0, false, 0, 0, NULL, NULL, NULL, 0, 0, false, NULL, '2026-11-28 18:23:02.535928+00', NULL, NULL, 1);
INSERT INTO public.runs OVERRIDING SYSTEM VALUE VALUES (33, 'hand', 1, 1, 'manual', '2026-11-28 18:23:07.513595+00', 'df8f1c70-a29a-4873-9951-32bb27dbf417', '2026-11-28 18:23:07.513595+00', NULL, 'scheduled', NULL, NULL, 'default', 0, false, 0, 0, NULL, NULL, NULL, 0, 0, false, NULL, NULL, NULL, NULL, 1);
INSERT INTO public.scheduled_job_status VALUES ('broken', 'failed', '2026-11-28 18:23:06.000893+00', 'node-1', 8, 20, NULL, 3);
INSERT INTO public.scheduled_job_status VALUES ('tick', 'success', '2026-11-28 18:23:07.001079+00', 'node-1', 27, 22, '2026-11-28 18:23:07.007406+00', 0);
SELECT pg_catalog.setval('public.events_id_seq', 12, true);
SELECT pg_catalog.setval('public.fences', 22, true);
SELECT pg_catalog.setval('public.runs_id_seq', 33, true);
ALTER TABLE ONLY public.attempts
    ADD CONSTRAINT attempts_pkey PRIMARY KEY (run_id, number);
ALTER TABLE ONLY public.definitions
    ADD CONSTRAINT definitions_pkey PRIMARY KEY (job_name, generation, version);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.leases
    ADD CONSTRAINT leases_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.logs
    ADD CONSTRAINT logs_pkey PRIMARY KEY (run_id, attempt, sequence);
ALTER TABLE ONLY public.meta
    ADD CONSTRAINT meta_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.nodes
    ADD CONSTRAINT nodes_pkey PRIMARY KEY (boot);
ALTER TABLE ONLY public.runs
    ADD CONSTRAINT runs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.scheduled_job_status
    ADD CONSTRAINT scheduled_job_status_pkey PRIMARY KEY (job_name);
CREATE INDEX events_by_job ON public.events USING btree (job_name, id) WHERE (job_name IS NOT NULL);
CREATE INDEX jobs_by_source ON public.jobs USING btree (source) WHERE (removed_at IS NULL);
CREATE INDEX jobs_next ON public.jobs USING btree (next_at) WHERE (next_at IS NOT NULL);
CREATE INDEX nodes_alive ON public.nodes USING btree (lease_until) WHERE (gone_at IS NULL);
CREATE INDEX runs_active ON public.runs USING btree (job_name, kind) WHERE (state = 'running'::text);
CREATE INDEX runs_by_job ON public.runs USING btree (job_name, id);
CREATE INDEX runs_due ON public.runs USING btree (queue, priority, due_at, id) WHERE ((state = 'scheduled'::text) AND (NOT is_held));
CREATE INDEX runs_held ON public.runs USING btree (job_name, due_at, id) WHERE ((state = 'scheduled'::text) AND is_held);
CREATE INDEX runs_of_boot ON public.runs USING btree (boot, id) WHERE (state = 'running'::text);
CREATE UNIQUE INDEX runs_once ON public.runs USING btree (job_name, generation, scheduled_at, kind, request_id);
CREATE UNIQUE INDEX runs_request ON public.runs USING btree (job_name, generation, request_id) WHERE (kind = 'manual'::text);
CREATE INDEX runs_soon ON public.runs USING btree (queue COLLATE "C", due_at) WHERE ((state = 'scheduled'::text) AND (NOT is_held));
CREATE INDEX runs_trouble ON public.runs USING btree (id) WHERE (state = ANY (ARRAY['dead'::text, 'failed'::text, 'lost'::text, 'missed'::text, 'timed_out'::text]));
