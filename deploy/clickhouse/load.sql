-- Loads a file of JSON lines. Fields that the table does not have are skipped.
INSERT INTO rsttrace.lines
FROM INFILE '/var/log/rsttrace/resets.jsonl'
SETTINGS input_format_skip_unknown_fields = 1, date_time_input_format = 'best_effort'
FORMAT JSONEachRow;
