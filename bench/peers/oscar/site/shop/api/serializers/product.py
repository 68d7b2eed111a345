"""Products with their price in the same answer: the package's own give a link to it."""

from oscar.core.loading import get_class
from oscarapi.serializers import product as package
from rest_framework import serializers

Selector = get_class("partner.strategy", "Selector")


class ProductLinkSerializer(package.ProductLinkSerializer):
    price = serializers.SerializerMethodField()

    class Meta(package.ProductLinkSerializer.Meta):
        fields = ("url", "id", "upc", "title", "price")

    def get_price(self, product):
        request = self.context["request"]
        strategy = Selector().strategy(request=request, user=request.user)
        found = strategy.fetch_for_parent(product) if product.is_parent else strategy.fetch_for_product(product)
        return {"currency": found.price.currency, "incl_tax": str(found.price.incl_tax)}


class ProductSerializer(ProductLinkSerializer):
    class Meta(package.ProductSerializer.Meta):
        fields = ("url", "id", "title", "description", "structure", "price", "availability", "categories", "children")
