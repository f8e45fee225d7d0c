"""Forms over the settings table and over documents, shared by companies, domains and channels."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from tenants import configuration
from tenants.admin.base import ScopedForm
from tenants.admin.effective import shown
from tenants.config import documents, options, schema
from tenants.config.options import Option
from tenants.models import Configuration

PREFIX = "option_"
AS_INHERITED = _("As inherited")
YES_NO = (("true", _("Yes")), ("false", _("No")))
LONG_TEXT = 200


class DocumentFormField(forms.CharField):
    """A document as people write it: YAML, checked like a file."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("required", False)
        options.setdefault(
            "widget", UnfoldAdminTextareaWidget(attrs={"rows": 18, "class": "cwai-code"})
        )
        super().__init__(**options)

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else (documents.write(value) if value else "")

    def to_python(self, value: Any) -> Any:
        try:
            return documents.read(value or "").value or {}
        except documents.DocumentError as error:
            where = _("Line %(line)d: %(message)s") % {"line": error.line, "message": error.message}
            raise ValidationError(where) from error


class SettingsFormBase(ScopedForm):
    """One field per line of the settings table; an empty one inherits."""

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        inherited = self.inherited()
        for key, option in options.OPTIONS.items():
            if PREFIX + key in self.fields:
                _say_inherited(self.fields[PREFIX + key], option, inherited.get(key))
                self.initial[PREFIX + key] = _shown(option, (self.instance.settings or {}).get(key))

    def inherited(self) -> dict[str, Any]:
        """What each setting would be without this row; nothing when nobody can say yet."""
        return {}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for key, option in options.OPTIONS.items():
            value = _chosen(option, cleaned.get(PREFIX + key))
            if value is not None and (wrong := option.complaint(value)):
                self.add_error(PREFIX + key, wrong)
        return cleaned

    def _post_clean(self) -> None:
        """Lines that the table does not know stay."""
        settings = dict(self.instance.settings or {})
        for key, option in options.OPTIONS.items():
            if PREFIX + key in self.fields and PREFIX + key not in self.errors:
                settings.pop(key, None)
                value = _chosen(option, self.cleaned_data.get(PREFIX + key))
                settings |= {key: value} if value is not None else {}
        self.instance.settings = settings
        super()._post_clean()


def _field(option: Option) -> forms.Field:
    about = {"label": option.label, "help_text": option.help_text, "required": False}
    if option.choices or option.kind is bool:
        choices = [("", AS_INHERITED), *(option.choices or YES_NO)]
        return forms.ChoiceField(choices=choices, widget=UnfoldAdminSelectWidget, **about)
    if option.kind is int:
        return forms.IntegerField(widget=UnfoldAdminIntegerFieldWidget, **about)
    is_long = option.longest > LONG_TEXT
    widget = UnfoldAdminTextareaWidget(attrs={"rows": 3}) if is_long else UnfoldAdminTextInputWidget
    return forms.CharField(widget=widget, **about)


def _say_inherited(field: Any, option: Option, value: Any) -> None:
    if value is None:
        return
    text = dict(option.choices).get(value) if option.choices else shown(value)
    inherited = _("As inherited: %(value)s") % {"value": text}
    if isinstance(field, forms.ChoiceField):
        choices: Any = field.choices
        field.choices = [("", inherited), *list(choices)[1:]]
    elif value != "":
        field.widget.attrs["placeholder"] = inherited


def _shown(option: Option, value: Any) -> Any:
    return str(value).lower() if option.kind is bool and value is not None else value


def _chosen(option: Option, text: Any) -> Any:
    if text in (None, ""):
        return None
    return text == "true" if option.kind is bool else text


OPTION_FIELDS = {PREFIX + key: _field(option) for key, option in options.OPTIONS.items()}
SettingsForm: Any = type("SettingsForm", (SettingsFormBase,), dict(OPTION_FIELDS))


def option_fieldsets(*classes: str) -> tuple[tuple[Any, dict[str, Any]], ...]:
    """One set of fields for each group of the settings table."""
    return tuple(
        (title, {"fields": tuple(PREFIX + key for key in keys), "classes": classes})
        for title, keys in options.GROUPS
    )


def _told(key: str, option: Option) -> Any:
    @admin.display(description=option.label)
    def told(_page: Any, row: Any) -> Any:
        value = (row.settings or {}).get(key)
        return AS_INHERITED if value is None else dict(option.choices).get(value) or shown(value)

    return told


# For a page's class: what people read in place of the fields who may not change them.
ToldSettings: Any = type(
    "ToldSettings",
    (),
    {PREFIX + key: _told(key, option) for key, option in options.OPTIONS.items()},
)


class LayerForm(SettingsForm):
    """Settings, and everything for which there are no fields, as text."""

    document = DocumentFormField(
        label=_("Further configuration"),
        help_text=_(
            "Tables, crews, integrations and whatever else a configuration file may say, written "
            "as in the file. Secrets do not belong here: they are kept under Credentials."
        ),
    )

    def clean_document(self) -> Any:
        document = self.cleaned_data["document"]
        problems = schema.problems_of_further(document)
        if problems:
            raise ValidationError(
                [f"{documents.shown(problem.path)}: {problem.message}" for problem in problems]
            )
        return document


class ConfigurationForm(LayerForm):
    note = forms.CharField(
        label=_("Note"),
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("What is changed and why. It stands beside the new version."),
    )
    version_seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.initial["version_seen"] = self.instance.version

    def clean(self) -> dict[str, Any]:
        """Of two who opened the page, the second to save would undo what the first one did."""
        cleaned = super().clean()
        configuration.hold(self.instance.tenant.slug)
        present = Configuration.objects.filter(pk=self.instance.pk).values_list(
            "version", flat=True
        )
        if cleaned.get("version_seen") not in (None, present.get()):
            raise ValidationError(
                _("Somebody changed this configuration meanwhile. Open the page again.")
            )
        return dict(cleaned)

    def inherited(self) -> dict[str, Any]:
        return configuration.inherited_settings(self.instance.tenant_id, until="company")
