"""Addresses under /api/v1/ for what the company knows, and those that other systems call."""

from django.urls import path

from knowledge.api import collections, entries, searching, vectorizing

urlpatterns = [
    path("knowledge/search", searching.SearchView.as_view(), name="api_knowledge_search"),
    path(
        "knowledge/vectorize", vectorizing.VectorizeView.as_view(), name="api_knowledge_vectorize"
    ),
    path("knowledge/progress", vectorizing.ProgressView.as_view(), name="api_knowledge_progress"),
    path(
        "knowledge/collections",
        collections.CollectionsView.as_view(),
        name="api_knowledge_collections",
    ),
    path("knowledge/index", collections.IndexView.as_view(), name="api_knowledge_index"),
    path(
        "knowledge/business_rules",
        entries.BusinessRuleListView.as_view(),
        name="api_knowledge_rules",
    ),
    path(
        "knowledge/business_rules/<int:pk>",
        entries.BusinessRuleView.as_view(),
        name="api_knowledge_rule",
    ),
    path("knowledge/faqs", entries.FaqListView.as_view(), name="api_knowledge_faqs"),
    path("knowledge/faqs/<int:pk>", entries.FaqView.as_view(), name="api_knowledge_faq"),
    path("knowledge/articles", entries.ArticleListView.as_view(), name="api_knowledge_articles"),
    path(
        "knowledge/articles/<int:pk>", entries.ArticleView.as_view(), name="api_knowledge_article"
    ),
    path("knowledge/products", entries.ProductListView.as_view(), name="api_knowledge_products"),
    path(
        "knowledge/products/<int:pk>", entries.ProductView.as_view(), name="api_knowledge_product"
    ),
    # The same views under names that other systems know; the description leaves them out.
    path("business_rules", entries.BusinessRuleListView.as_view(schema=None)),
    path("business_rules/<int:pk>", entries.BusinessRuleView.as_view(schema=None)),
    path("product_management", entries.ProductListView.as_view(schema=None)),
    path("product_management/<int:pk>", entries.ProductView.as_view(schema=None)),
]

SECOND = [
    path("vectorize", vectorizing.VectorizeView.as_view()),
    path("search", searching.SearchView.as_view()),
    path("collections", collections.CollectionsView.as_view()),
]
