from django.urls import path

from catalog import api, api_authority, api_capability, api_formulary, api_rules, comparing_api, making_api

app_name = "catalog_api"

urlpatterns = [
    path("catalog/indications/", api.Indications.as_view(), name="indications"),
    path("catalog/indications/<str:code>/", api.OneIndication.as_view(), name="indication"),
    path("catalog/not-indicated/", api.NotIndicatedTests.as_view(), name="not_indicated"),
    path("catalog/tests/", api.Tests.as_view(), name="tests"),
    path("formulary/", api_formulary.Formulary.as_view(), name="formulary"),
    path("drug-rule-editions/", api_rules.RuleEditions.as_view(), name="rule_editions"),
    path("drug-rule-editions/<int:pk>/", api_rules.OneRuleEdition.as_view(), name="rule_edition"),
    path("drug-rule-editions/<int:pk>/steps/", api_rules.RuleEditionStep.as_view(), name="rule_step"),
    path("drug-rule-editions/<int:pk>/rules/", api_rules.PutRule.as_view(), name="put_rule"),
    path("drug-rule-editions/<int:pk>/rules/<str:code>/remove/", api_rules.RemoveRule.as_view(), name="remove_rule"),
    path("catalog/authorities/", api_authority.Authorities.as_view(), name="authorities"),
    path("catalog/authorities/<int:pk>/steps/", api_authority.AuthorityStep.as_view(), name="authority_step"),
    path("catalog/trainings/", api_authority.Trainings.as_view(), name="trainings"),
    path("catalog/qualifications/", api_authority.Qualifications.as_view(), name="qualifications"),
    path("catalog/capabilities/", api_capability.Capabilities.as_view(), name="capabilities"),
    path("catalog/capabilities/<int:pk>/steps/", api_capability.CapabilityStep.as_view(), name="capability_step"),
    path("catalog/intakes/", api_capability.Intakes.as_view(), name="intakes"),
    path("catalog/intakes/<int:pk>/steps/", api_capability.IntakeStep.as_view(), name="intake_step"),
    path("catalog/editions/", making_api.Editions.as_view(), name="editions"),
    path("catalog/editions/<int:pk>/", making_api.OneEdition.as_view(), name="edition"),
    path("catalog/editions/<int:pk>/head/", making_api.Head.as_view(), name="edition_head"),
    path("catalog/editions/<int:pk>/steps/", making_api.TakeStep.as_view(), name="edition_step"),
    path("catalog/editions/<int:pk>/rows/", making_api.Rows.as_view(), name="edition_rows"),
    path("catalog/editions/<int:pk>/library/", making_api.Library.as_view(), name="edition_library"),
    path("catalog/editions/<int:pk>/experts/", making_api.Experts.as_view(), name="edition_experts"),
    path("catalog/editions/<int:pk>/comments/", making_api.Comments.as_view(), name="edition_comments"),
    path("catalog/editions/<int:pk>/comments/<int:comment>/", making_api.OneComment.as_view(), name="edition_comment"),
    path("catalog/editions/<int:pk>/confirmations/", making_api.Confirmations.as_view(), name="edition_confirmations"),
    path("catalog/editions/<int:pk>/sign-offs/", making_api.SignOffs.as_view(), name="edition_sign_offs"),
    path("catalog/editions/<int:pk>/sheets/", making_api.Sheets.as_view(), name="edition_sheets"),
    path("catalog/editions/<int:pk>/sheets/<int:sheet>/", making_api.OneSheet.as_view(), name="edition_sheet"),
    path("catalog/editions/<int:pk>/difference/", comparing_api.Differences.as_view(), name="edition_difference"),
    path("catalog/editions/<int:pk>/effects/", comparing_api.Consequences.as_view(), name="edition_effects"),
]
