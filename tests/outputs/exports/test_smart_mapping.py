"""A site's mapping: what it may say, and every key looked up in the site's own data model."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from camtrap.errors import ConfigError
from camtrap.outputs.exports.smart_mapping import (
    From,
    Kind,
    SmartMapping,
    check,
    parse_mapping,
    read_mapping,
)
from camtrap.outputs.exports.smart_model import DataModel, read_data_model

CONFIGS = Path(__file__).parents[3] / "configs"

DATA_MODEL = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<DataModel xmlns="http://www.smartconservationsoftware.org/xml/1.0/datamodel">
  <languages><language code="en"/></languages>
  <attributes>
    <attribute key="species" isrequired="true" type="TREE">
      <tree key="carnivora" isactive="true">
        <names language_code="en" value="Carnivores"/>
        <children key="pantherapardus" isactive="true">
          <names language_code="en" value="Leopard"/>
        </children>
        <children key="gone" isactive="false">
          <names language_code="en" value="Gone"/>
          <children key="below" isactive="true"><names language_code="en" value="Below"/></children>
        </children>
      </tree>
      <tree key="ungulata" isactive="true"><names language_code="en" value="Ungulates"/></tree>
      <names language_code="en" value="Species"/>
    </attribute>
    <attribute key="kind" isrequired="false" type="LIST">
      <values key="leopard" isactive="true"><names language_code="en" value="Leopard"/></values>
      <values key="old" isactive="false"><names language_code="en" value="Old"/></values>
      <names language_code="en" value="Kind"/>
    </attribute>
    <attribute key="numberofanimals" isrequired="false" type="NUMERIC">
      <names language_code="en" value="Number"/>
    </attribute>
    <attribute key="confidence" isrequired="false" type="NUMERIC">
      <names language_code="en" value="Confidence"/>
    </attribute>
    <attribute key="station" isrequired="false" type="TEXT">
      <names language_code="en" value="Station"/>
    </attribute>
    <attribute key="doubtful" isrequired="false" type="BOOLEAN">
      <names language_code="en" value="Doubtful"/>
    </attribute>
    <attribute key="elsewhere" isrequired="false" type="TEXT">
      <names language_code="en" value="Elsewhere"/>
    </attribute>
  </attributes>
  <categories>
    <category key="wildlife" ismultiple="true" isactive="true">
      <names language_code="en" value="Wildlife"/>
      <attribute isactive="true" attributekey="station"/>
      <attribute isactive="true" attributekey="doubtful"/>
      <category key="cameratrap" ismultiple="true" isactive="true">
        <names language_code="en" value="Camera trap"/>
        <attribute isactive="true" attributekey="species"/>
        <attribute isactive="true" attributekey="kind"/>
        <attribute isactive="true" attributekey="numberofanimals"/>
        <attribute isactive="true" attributekey="confidence"/>
        <attribute isactive="false" attributekey="elsewhere"/>
      </category>
      <category key="closed" ismultiple="true" isactive="false">
        <names language_code="en" value="Closed"/>
      </category>
    </category>
    <category key="people" ismultiple="true" isactive="true">
      <names language_code="en" value="People"/>
      <category key="cameratrap" ismultiple="true" isactive="true">
        <names language_code="en" value="Camera trap"/>
        <attribute isactive="true" attributekey="station"/>
        <attribute isactive="true" attributekey="numberofanimals"/>
        <attribute isactive="true" attributekey="confidence"/>
      </category>
    </category>
  </categories>
</DataModel>
"""


@pytest.fixture
def model(tmp_path: Path) -> DataModel:
    path = tmp_path / "model.xml"
    path.write_text(DATA_MODEL, encoding="utf-8")
    return read_data_model(path)


def mapping_of(text: str) -> SmartMapping:
    return parse_mapping(tomllib.loads(text))


def test_the_example_says_what_it_explains_and_fits_a_model_with_its_keys(model) -> None:
    mapping = read_mapping(CONFIGS / "smart_mapping-example.toml")
    assert list(check(mapping, model)) == []
    leopard = mapping.kinds["leopard"]
    assert leopard.category == "wildlife.cameratrap"
    assert leopard.attributes["species"] == "carnivora.pantherapardus"
    assert leopard.attributes["numberofanimals"] == From("count")
    assert mapping.kinds["person"].attributes.keys() == {"numberofanimals", "station", "confidence"}


def test_a_data_model_has_what_is_in_use(model) -> None:
    assert model.categories.keys() == {
        "wildlife",
        "wildlife.cameratrap",
        "people",
        "people.cameratrap",
    }
    assert "station" in model.categories["wildlife.cameratrap"]  # of the category around it
    assert "elsewhere" not in model.categories["wildlife.cameratrap"]
    assert model.attributes["species"].options == {
        "carnivora",
        "carnivora.pantherapardus",
        "ungulata",
    }
    assert model.attributes["kind"].options == {"leopard"}


GOOD = 'species = "ungulata"\n'


@pytest.mark.parametrize(
    "category, attributes, said",
    [
        ("wildlife.trap", GOOD, "there is no category 'wildlife.trap'"),
        ("wildlife.closed", "", "there is no category"),
        ("wildlife.cameratrap", GOOD + 'colour = "red"', "there is no attribute 'colour'"),
        ("wildlife.cameratrap", GOOD + 'elsewhere = "x"', "has no attribute 'elsewhere'"),
        ("wildlife.cameratrap", 'species = "pantherapardus"', "TREE without the key"),
        ("wildlife.cameratrap", 'species = "carnivora.gone"', "TREE without the key"),
        ("wildlife.cameratrap", 'species = "carnivora.gone.below"', "TREE without the key"),
        ("wildlife.cameratrap", 'species = { from = "station" }', "takes its own keys only"),
        ("wildlife.cameratrap", GOOD + 'kind = "old"', "LIST without the key 'old'"),
        ("wildlife.cameratrap", GOOD + 'numberofanimals = "one"', "is NUMERIC, and 'one'"),
        ("wildlife.cameratrap", GOOD + "numberofanimals = true", "is NUMERIC"),
        ("wildlife.cameratrap", GOOD + 'numberofanimals = { from = "station" }', "is NUMERIC"),
        ("wildlife.cameratrap", GOOD + 'station = { from = "count" }', "is TEXT"),
        ("wildlife.cameratrap", GOOD + "station = 7", "is TEXT"),
        ("wildlife.cameratrap", GOOD + 'doubtful = "yes"', "is BOOLEAN"),
        ("wildlife.cameratrap", 'station = "x"', "requires the attribute 'species'"),
    ],
)
def test_what_the_site_does_not_have_is_told(model, category, attributes, said) -> None:
    text = f'[labels.leopard]\ncategory = "{category}"\n[labels.leopard.attributes]\n{attributes}'
    told = list(check(mapping_of(text), model))
    assert len(told) == 1 and said in told[0] and told[0].startswith("labels.leopard")


@pytest.mark.parametrize(
    "attributes",
    ['kind = { from = "label" }', "numberofanimals = 2", 'doubtful = { from = "needs_review" }'],
)
def test_what_the_site_has_is_taken(model, attributes: str) -> None:
    text = '[labels.leopard]\ncategory = "wildlife.cameratrap"\n[labels.leopard.attributes]\n'
    assert list(check(mapping_of(text + GOOD + attributes), model)) == []


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "no label"),
        ('[labels.lynx]\ncategory = "a"', "lynx is not known"),
        ('[labels.empty]\ncategory = "a"', "empty is not known"),
        ("[labels.leopard]", "category"),
        ('[labels.leopard]\ncategory = " "', "category"),
        ("labels = 3", "labels is a table"),
        ("[labels]\nleopard = 3", "labels.leopard is a table"),
        ('[labels.leopard]\ncategory = "a"\nspecies = "b"', "species is not known"),
        ('[labels.leopard]\ncategory = "a"\nattributes.x = []', "labels.leopard.attributes.x"),
        ('[labels.leopard]\ncategory = "a"\nattributes.x = inf', "labels.leopard.attributes.x"),
        ('[labels.leopard]\ncategory = "a"\nattributes.x.from = "moon"', "from is one of"),
        ('[labels.leopard]\ncategory = "a"\nattributes.x.of = "count"', "of is not known"),
        ('species_attribute = 3\n[labels.leopard]\ncategory = "a"', "species_attribute"),
        ("[mapping]\nx = 1", "mapping is not known"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_file_and_key(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        read_mapping(path)
    assert said in str(error.value) and "mine.toml" in str(error.value)


@pytest.mark.parametrize(
    "data", [b"\xff\xfe\0", b"[", b"a = " + b"[" * 3000, b"a = " + b"1" * 5000, None]
)
def test_a_mapping_that_cannot_be_read_names_itself(tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "mine.toml"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ConfigError, match=r"mine\.toml"):
        read_mapping(path)


@pytest.mark.parametrize(
    "data", [None, b"", b"<DataModel>", b"<ConfigurableModel/>", b"\x00", b'<?xml encoding="x"?>']
)
def test_what_is_no_data_model_is_refused(tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "model.xml"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ConfigError, match=r"model\.xml"):
        read_data_model(path)


@pytest.mark.parametrize("tag", ["children", "category"])
def test_a_data_model_that_is_too_deep_is_refused(tmp_path: Path, tag: str) -> None:
    path = tmp_path / "model.xml"
    below = f'<{tag} key="a">' * 3000 + f"</{tag}>" * 3000
    if tag == "category":
        text = f"<DataModel><categories>{below}</categories></DataModel>"
    else:
        tree = f'<attribute key="s" type="TREE"><tree key="t">{below}</tree></attribute>'
        text = f"<DataModel><attributes>{tree}</attributes></DataModel>"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"model\.xml .*deeper"):
        read_data_model(path)


def test_an_attribute_that_an_event_does_not_tell_is_left_out() -> None:
    kind = Kind("a", {"n": From("count"), "s": From("station"), "x": 0, "y": False})
    assert kind.values({"count": None, "station": ""}) == {"x": 0, "y": False}
    assert kind.values({"count": 0, "station": "S"}) == {"n": 0, "s": "S", "x": 0, "y": False}
