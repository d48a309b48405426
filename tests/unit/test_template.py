"""Templates: names only, types kept, `$${` a literal."""

from __future__ import annotations

import pickle
import unittest

from hypothesis import given
from hypothesis import strategies as st

from contract_tests.model.template import (
    Computed,
    Template,
    TemplateError,
    UndefinedVariable,
    Variable,
    as_text,
    compile_text,
    compile_value,
    render,
    variables_in,
)

VALUES = {
    "a": 1,
    "b": "x",
    "none": None,
    "yes": True,
    "list": [1, {"k": 2}],
    "map": {"k": "v"},
    "f": 1.5,
    "a-b_1": "dash",
}


class TestText(unittest.TestCase):
    def rendered(self, text: str) -> object:
        return render(compile_text(text), VALUES)

    def test_a_text_without_a_variable_is_itself(self) -> None:
        for text in ("", "a", "$a", "{a}", "$ {a}", "a}b", "$", "$$", "a$"):
            self.assertIs(text, compile_text(text))

    def test_a_text_that_is_one_variable_keeps_its_type(self) -> None:
        for name, value in VALUES.items():
            self.assertIs(value, self.rendered(f"${{{name}}}"))

    def test_a_variable_inside_a_text_is_its_text(self) -> None:
        for text, expected in (
            ("/x/${a}/${b}", "/x/1/x"),
            ("${a}${a}", "11"),
            ("<${none}|${yes}|${f}>", "<null|true|1.5>"),
            ("=${list}", '=[1, {"k": 2}]'),
            ("${a-b_1}.", "dash."),
            ("$${a}", "${a}"),
            ("$${${a}}", "${1}"),
            ("$$${a}", "$${a}"),
            ("a$${b}c${b}", "a${b}cx"),
            ("${a}}", "1}"),
            ("$${", "${"),
        ):
            with self.subTest(text):
                self.assertEqual(expected, self.rendered(text))

    def test_what_is_no_template_is_told_with_its_place(self) -> None:
        for text, offset, message in (
            ("${", 0, "'${' without its '}' (write '$${' for the two characters)"),
            ("ab${a", 2, "'${' without its '}' (write '$${' for the two characters)"),
            ("${a}${b", 4, "'${' without its '}' (write '$${' for the two characters)"),
            ("x${}", 1, "'${}' is no variable: a template holds names only, no code"),
            ("${a.b}", 0, "'${a.b}' is no variable: a template holds names only, no code"),
            ("${ a }", 0, "'${ a }' is no variable: a template holds names only, no code"),
            ("${a()}", 0, "'${a()}' is no variable: a template holds names only, no code"),
            ("${a[0]}", 0, "'${a[0]}' is no variable: a template holds names only, no code"),
            ("${1a}", 0, "'${1a}' is no variable: a template holds names only, no code"),
            ("${${a}}", 0, "'${${a}' is no variable: a template holds names only, no code"),
            (
                "${__import__('os')}",
                0,
                "\"${__import__('os')}\" is no variable: a template holds names only, no code",
            ),
        ):
            with self.subTest(text), self.assertRaises(TemplateError) as caught:
                compile_text(text)
            self.assertEqual((offset, message), (caught.exception.offset, str(caught.exception)))

    def test_a_variable_without_a_value(self) -> None:
        for text in ("${nothing}", "a${nothing}"):
            with self.assertRaises(UndefinedVariable) as caught:
                self.rendered(text)
            self.assertEqual("nothing", str(caught.exception))

    def test_a_value_that_looks_like_a_template_is_not_one(self) -> None:
        self.assertEqual("-${b}-", render(compile_text("-${a}-"), {"a": "${b}"}))

    def test_as_text(self) -> None:
        for value, expected in (
            ("x", "x"),
            (None, "null"),
            (True, "true"),
            (False, "false"),
            (1, "1"),
            (1.5, "1.5"),
        ):
            self.assertEqual(expected, as_text(value))

    def test_templates_are_values(self) -> None:
        one = compile_text("a${b}$${c}")
        self.assertIsInstance(one, Template)
        self.assertEqual((one, 1), (compile_text("a${b}$${c}"), len({one, compile_text("a${b}$${c}")})))
        self.assertNotEqual(one, compile_text("a${c}"))
        self.assertEqual("Template('a${b}$${c}')", repr(one))
        self.assertEqual(one, pickle.loads(pickle.dumps(one)))
        self.assertEqual("axt", pickle.loads(pickle.dumps(compile_text("a${b}t"))).render(VALUES))

    def test_a_variable_and_a_text_of_the_same_letters_differ(self) -> None:
        self.assertNotEqual(Template((Variable("a"),)), Template(("a",)))

    @given(st.text("${}ab ", max_size=12))
    def test_the_source_of_a_template_compiles_to_it(self, text: str) -> None:
        try:
            one = compile_text(text)
        except TemplateError as error:
            self.assertTrue(text.startswith("${", error.offset))
            return
        if isinstance(one, Template):
            self.assertEqual(one, compile_text(one.source))
            self.assertEqual(set(one.variables), {str(p) for p in one.parts if isinstance(p, Variable)})

    @given(st.lists(st.sampled_from(["${a}", "$${", "$", "{", "}", "x", "/"]), max_size=8))
    def test_rendering_replaces_each_part(self, parts: list[str]) -> None:
        # A "$" just before "${" would make it a literal, and "$" before "{" a variable.
        text = "-".join(["", *parts])
        expected = "-".join(["", *({"${a}": "1", "$${": "${"}.get(part, part) for part in parts)])
        self.assertEqual(expected, render(compile_text(text), VALUES))


class TestValues(unittest.TestCase):
    def test_a_value_without_a_template_is_itself(self) -> None:
        for value in ([1, {"a": None}], {"a": [True]}, 1, None, {"": []}):
            self.assertIs(value, compile_value(value))
            self.assertIs(value, render(compile_value(value), {}))

    def test_templates_anywhere_in_it(self) -> None:
        value = {"k": ["${a}", {"${b}": "${list}"}, None], "plain": {"x": 1}}
        compiled = compile_value(value)
        self.assertIsInstance(compiled, Computed)
        self.assertEqual({"k": [1, {"x": [1, {"k": 2}]}, None], "plain": {"x": 1}}, render(compiled, VALUES))
        self.assertEqual(["a", "b", "list"], sorted(variables_in(compiled)))

    def test_an_escape_alone_is_plain_text_in_a_value(self) -> None:
        for value, expected in (
            ({"a": ["$${x}"]}, {"a": ["${x}"]}),
            ({"$${x}": 1}, {"${x}": 1}),
            (["$${"], ["${"]),
        ):
            self.assertEqual(expected, render(compile_value(value), {}))

    def test_variables_come_in_order_with_repetitions(self) -> None:
        self.assertEqual(["b", "a", "b"], list(variables_in(compile_value(["${b}", "x", ["${a}-${b}"]]))))
        self.assertEqual([], list(variables_in("plain")))

    def test_computed_values_are_values(self) -> None:
        one, other = compile_value(["${a}"]), compile_value(["${a}"])
        self.assertEqual((one, hash(one)), (other, hash(other)))
        self.assertNotEqual(one, compile_value(["${b}"]))
        self.assertEqual(one, pickle.loads(pickle.dumps(one)))


if __name__ == "__main__":
    unittest.main()
