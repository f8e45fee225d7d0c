"""The tables of the floors, and how a row gets into them."""

TABLE = """
CREATE TABLE event (
    id bigserial PRIMARY KEY,
    connection text NOT NULL,
    event text NOT NULL,
    message_id bigint NOT NULL,
    conversation_id bigint NOT NULL,
    payload jsonb NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (connection, event, message_id)
)
"""
STORE = """
INSERT INTO event (connection, event, message_id, conversation_id, payload)
VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
REPLIES = "CREATE TABLE reply (id bigserial PRIMARY KEY, conversation bigint, body text)"
STORE_REPLY = "INSERT INTO reply (conversation, body) VALUES (%s, %s)"
