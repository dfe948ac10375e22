-- The lab's medical record: synthetic patients and what is written about them. Nobody in it exists.
CREATE TABLE patient (id integer PRIMARY KEY, number text UNIQUE NOT NULL, family text NOT NULL, ward text NOT NULL,
    born date, sex char(1));
CREATE TABLE allergy (patient integer NOT NULL REFERENCES patient, substance text NOT NULL, reaction text NOT NULL,
    PRIMARY KEY (patient, substance));
CREATE TABLE stay (id serial PRIMARY KEY, patient integer NOT NULL REFERENCES patient, ward text NOT NULL,
    bed text NOT NULL, admitted timestamptz NOT NULL, discharged timestamptz);
CREATE TABLE prescription (id serial PRIMARY KEY, stay integer NOT NULL REFERENCES stay, drug text NOT NULL,
    dose text NOT NULL, route text NOT NULL, every_h integer NOT NULL, since timestamptz NOT NULL, ended timestamptz);
CREATE TABLE administration (id bigserial PRIMARY KEY, prescription integer NOT NULL REFERENCES prescription,
    at timestamptz NOT NULL, given_by text NOT NULL);
CREATE TABLE result (id bigserial PRIMARY KEY, patient integer NOT NULL REFERENCES patient, at timestamptz NOT NULL,
    analysis text NOT NULL, value numeric NOT NULL, unit text NOT NULL);
CREATE TABLE note (id bigserial PRIMARY KEY, patient integer NOT NULL REFERENCES patient,
    at timestamptz NOT NULL DEFAULT now(), text text NOT NULL);
CREATE TABLE observation (id bigserial PRIMARY KEY, note bigint REFERENCES note ON DELETE CASCADE,
    patient integer NOT NULL REFERENCES patient, at timestamptz NOT NULL DEFAULT now(), code text NOT NULL,
    value numeric NOT NULL);
CREATE TABLE document (id serial PRIMARY KEY, file text UNIQUE NOT NULL, sha256 text NOT NULL);
CREATE INDEX ON note (patient, at);
CREATE INDEX ON result (patient, at);
CREATE INDEX ON observation (patient, at);

INSERT INTO patient SELECT n, 'SYN' || lpad(n::text, 7, '0'), 'TEST-' || upper(substr(md5(n::text), 1, 7)),
    (ARRAY['emergency', 'icu', 'ward-3', 'ward-4'])[1 + n % 4], date '1930-01-01' + (n * 61) % 29000,
    (ARRAY['F', 'M'])[1 + n % 2] FROM generate_series(1, 400) AS n;
INSERT INTO allergy SELECT n, (ARRAY['penicillin', 'latex', 'iodine', 'nuts'])[1 + n % 4],
    (ARRAY['rash', 'anaphylaxis', 'nausea'])[1 + n % 3] FROM generate_series(1, 400, 3) AS n;
INSERT INTO stay (patient, ward, bed, admitted)
    SELECT id, ward, 'SYN-' || (id % 30 + 1), now() - make_interval(hours => id % 200 + 6) FROM patient;
INSERT INTO prescription (stay, drug, dose, route, every_h, since)
    SELECT stay.id, drug.name, drug.dose, drug.route, drug.every_h, admitted FROM stay CROSS JOIN (VALUES
        ('paracetamol', '1 g', 'oral', 6), ('enoxaparin', '40 mg', 'subcutaneous', 24),
        ('furosemide', '20 mg', 'intravenous', 12)) AS drug (name, dose, route, every_h)
    WHERE (stay.id + length(drug.name)) % 2 = 0;
INSERT INTO administration (prescription, at, given_by)
    SELECT id, since + make_interval(hours => every_h * n), 'TEST-NURSE-' || id % 12
    FROM prescription CROSS JOIN generate_series(1, 4) AS n WHERE since + make_interval(hours => every_h * n) < now();
INSERT INTO result (patient, at, analysis, value, unit)
    SELECT 1 + n % 400, now() - make_interval(mins => n), (ARRAY['K', 'Na', 'Hb', 'CRP'])[1 + n % 4],
        3 + n % 7, (ARRAY['mmol/L', 'mmol/L', 'g/dL', 'mg/L'])[1 + n % 4] FROM generate_series(1, 1600) AS n;
INSERT INTO note (patient, at, text) SELECT 1 + n % 400, now() - make_interval(mins => 2000 - n),
    'synthetic note ' || n FROM generate_series(1, 2000) AS n;
INSERT INTO observation (note, patient, at, code, value)
    SELECT id, patient, at, (ARRAY['pulse', 'temperature', 'saturation'])[1 + id % 3], 60 + id % 40 FROM note;
