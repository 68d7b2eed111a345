"""The private MariaDB starts as a move needs it, keeps its data over a stop, and comes back after kill -9."""

from pathlib import Path

from banyan.move.demo.mariadb import MariaDb


def test_it_writes_whole_rows_with_names_and_survives_a_kill(tmp_path: Path, mariadb: MariaDb) -> None:
    server = MariaDb(tmp_path, {"innodb-buffer-pool-size": "16M"})
    server.start()
    with server.connect() as con, con.cursor() as cursor:
        cursor.execute("SELECT @@binlog_format, @@binlog_row_image, @@binlog_row_metadata, @@log_bin")
        assert cursor.fetchone() == ("ROW", "FULL", "FULL", 1)
        cursor.execute("CREATE DATABASE kept")
    server.stop(kill=True)
    server.start()
    with server.connect("kept"):
        server.stop()
