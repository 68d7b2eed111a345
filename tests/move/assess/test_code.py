"""A PHP tree tells which files read and write which tables; what it cannot know it says; any bytes are read."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.move.assess.code import Code, read_source, read_tree
from banyan.move.assess.finding import Finder
from banyan.move.assess.php import tokens
from banyan.move.assess.statements import HOLE, PREFIX

TABLES = frozenset({"oc_product", "oc_order", "oc_order_product", "oc_customer", "oc_setting"})


def read(php: str, *, prefix: str = "oc_", constants: dict[str, str] | None = None) -> Code:
    code = Code()
    read_source(tokens("<?php\n" + php), "a.php", TABLES, prefix, constants or {}, code)
    return code


def touched(php: str) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    return [(query.reads, query.writes) for query in read(php).queries]


ONE = {
    '$this->db->query("SELECT * FROM `" . DB_PREFIX . "product` WHERE id = \'" . (int)$id . "\'");': (
        ("oc_product",),
        (),
    ),
    "$db->query('DELETE FROM ' . DB_PREFIX . 'order');": ((), ("oc_order",)),
    '$wpdb->query("UPDATE {$wpdb->prefix}order SET a = 1");': ((), ("oc_order",)),
    '$db->query("UPDATE ${prefix}order SET a = 1");': ((), ("oc_order",)),
    "mysqli_query($link, 'INSERT INTO oc_order SET a = 1');": ((), ("oc_order",)),
    '$t = DB_PREFIX . "order"; $db->query("SELECT 1 FROM $t");': (("oc_order",), ()),
    'class A { protected $table = "oc_order"; function f() { $db->query("SELECT 1 FROM {$this->table}"); } }': (
        ("oc_order",),
        (),
    ),
    "$db->query(<<<SQL\nSELECT 1\nFROM {$prefix}order\nSQL);": (("oc_order",), ()),
    "$db->query(<<<'SQL'\nSELECT 1 FROM oc_order\nSQL\n);": (("oc_order",), ()),
    '$db->query("SELECT 1 FROM " . $data["db_prefix"] . "order");': (("oc_order",), ()),
    '$db->query(sprintf("SELECT * FROM oc_order WHERE id = %d", $id));': (("oc_order",), ()),
    "Db::getInstance()->executeS('SELECT 1 FROM `'._DB_PREFIX_.'order` o');": (("oc_order",), ()),
    '$db->query("SELECT * FROM " . ORDERS_TABLE);': (("oc_order",), ()),
}


@pytest.mark.parametrize("php", ONE)
def test_a_query_is_found_however_it_is_put_together(php: str) -> None:
    code = read(php, constants={"ORDERS_TABLE": PREFIX + "order"})
    assert [(query.reads, query.writes) for query in code.queries] == [ONE[php]]
    assert not code.dynamic


def test_a_query_that_grows_is_read_piece_by_piece() -> None:
    php = """
    $sql = "SELECT * FROM `" . DB_PREFIX . "product` p";
    if ($x) { $sql .= " LEFT JOIN `" . DB_PREFIX . "order_product` op ON (1)"; }
    $this->db->query($sql);
    """
    assert touched(php) == [(("oc_product",), ()), (("oc_order_product",), ())]
    assert not read(php).dynamic


def test_what_is_known_only_when_it_runs_is_reported_with_its_place() -> None:
    code = read('$db->query("TRUNCATE TABLE `" . $table . "`");\nfunction f($sql) {\n $this->db->query($sql);\n}')
    assert [(place.line, text) for place, text in code.dynamic] == [
        (2, "TRUNCATE TABLE `…`"),
        (4, "the text is put together elsewhere"),
    ]


def test_a_variable_is_forgotten_at_the_next_function() -> None:
    php = 'function f() { $t = "oc_order"; } function g($t) { $db->query("SELECT 1 FROM `$t`"); }'
    assert not read(php).queries
    assert len(read(php).dynamic) == 1


@pytest.mark.parametrize(
    "php",
    [
        "// $db->query('DELETE FROM oc_order');",
        "/* $db->query('DELETE FROM oc_order'); */",
        "# $db->query('DELETE FROM oc_order');",
        "?> DELETE FROM oc_order <?php",
        "$text = 'Delete your order from the list of orders';",
        "$text = 'Please update your account';",
        "function query($sql) { return 1; }",
    ],
)
def test_what_is_no_query_is_none(php: str) -> None:
    code = read(php)
    assert not code.queries
    assert not code.dynamic


def test_a_tree_is_read_with_its_constants_and_without_other_peoples_code(tmp_path: Path) -> None:
    files = {
        "includes/names.php": "<?php define('TABLE_ORDERS', DB_PREFIX . 'order'); const THINGS = 'oc_product';",
        "catalog/order.php": '<?php $db->Execute("select * from " . TABLE_ORDERS . " o join " . THINGS);',
        "catalog/page.phtml": "<html><?= $db->query('UPDATE oc_order SET a = 1') ?></html>",
        "catalog/readme.txt": "<?php query('DELETE FROM oc_customer');",
        "vendor/lib/a.php": "<?php query('DELETE FROM oc_customer');",
        "catalog/bad.php": "",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "catalog/bad.php").write_bytes(b"<?php query('SELECT 1 FROM oc_setting \xff\xfe\x00');")
    (tmp_path / "catalog/huge.php").write_bytes(b" " * (3 << 20))
    code = read_tree(tmp_path, TABLES, "oc_")
    assert (code.files, code.unread) == (5, 1)
    assert {name: (dict(reads), dict(writes)) for name, (reads, writes) in code.by_table().items()} == {
        "oc_order": ({"catalog/order.php": 1}, {"catalog/page.phtml": 1}),
        "oc_product": ({"catalog/order.php": 1}, {}),
        "oc_setting": ({"catalog/bad.php": 1}, {}),
    }
    with pytest.raises(NotADirectoryError):
        read_tree(tmp_path / "nowhere", TABLES)


def test_tokens_know_strings_and_their_lines() -> None:
    found = tokens("<p>\n<?php $a = \"x\\n{$b['c']}y$d[0]\\x41\" . 'it\\'s';\n?>\n<?= Name\\Space\\THING ?>")
    assert [(t.sort, t.text, t.line) for t in found] == [
        ("var", "a", 2),
        ("sign", "=", 2),
        ("string", "x\nyA", 2),
        ("sign", ".", 2),
        ("string", "it's", 2),
        ("sign", ";", 2),
        ("word", "THING", 4),
    ]
    assert found[2].parts == (("text", "x\n"), ("var", "c"), ("text", "y"), ("var", "d"), ("text", "A"))


PIECES = st.lists(
    st.sampled_from(
        [
            "<?php ",
            "?>",
            "'",
            '"',
            "\\",
            "$a",
            "->",
            "::",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            ".",
            "=",
            ".=",
            "<<<X\n",
            "\nX\n",
            "//",
            "/*",
            "*/",
            "#",
            "\n",
            "function ",
            "query",
            "SELECT * FROM ",
            "`",
            "DB_PREFIX",
            "oc_order",
            "${",
            "{$",
            "\x00",
            "é",
            "\ud800",
            "?->",
        ]
    ),
    max_size=40,
)


@given(PIECES)
def test_any_order_of_pieces_is_read(pieces: list[str]) -> None:
    for _, text in Finder(tokens("<?php " + "".join(pieces)), {}).texts():
        assert text is None or isinstance(text, str)


@given(st.binary(max_size=300))
def test_any_bytes_are_read(raw: bytes) -> None:
    read(raw.decode("utf-8", "replace"))


@pytest.mark.parametrize(
    "piece", ["(", "'", '"', "{$a", "$a->", "$a[", ".", "'a'.", "\\", "<<<A\n", "/*", "f(", "$a(", '"$a".']
)
def test_long_hostile_source_takes_no_time_to_speak_of(piece: str) -> None:
    read("$db->query('SELECT 1 FROM oc_order' . " + piece * 5_000)


def test_holes_and_prefixes_are_not_in_what_is_shown() -> None:
    (query,) = read('$db->query("SELECT * FROM " . DB_PREFIX . "order WHERE a = $b");').queries
    assert query.text == "SELECT * FROM order WHERE a = …"
    assert HOLE not in query.text
