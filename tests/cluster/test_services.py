"""The services that the tests of several machines stand on."""

# pyright: reportMissingImports=false

import psycopg
import pytest

from deploy import services


def test_a_database_of_its_own_is_reached_by_its_address(postgres: services.PostgresServer) -> None:
    with psycopg.connect(postgres.make_database("reached")) as connection:
        found = connection.execute("SELECT current_database(), current_setting('lc_messages')").fetchone()

    assert found == ("reached", "C"), "a password with spaces and slashes, messages in English"


def test_a_bucket_is_there_once_it_is_made(s3: services.S3Server) -> None:
    client = s3.client()
    with pytest.raises(client.exceptions.NoSuchBucket):
        client.put_object(Bucket="early", Key="object", Body=b"bytes")

    assert s3.make_bucket("early") == "s3://early"
    client.put_object(Bucket="early", Key="object", Body=b"bytes")
    assert client.get_object(Bucket="early", Key="object")["Body"].read() == b"bytes"


def test_a_service_ends_with_its_block_though_the_test_fails() -> None:
    seen: list[services.RedisServer] = []
    with pytest.raises(ZeroDivisionError), services.redis() as server:
        seen.append(server)
        assert services.answers(server.port, b"PING\r\n", b"+PONG")
        raise ZeroDivisionError

    (ended,) = seen
    assert not services.answers(ended.port, b"PING\r\n", b"+PONG")
    assert not ended.log.parent.exists()
