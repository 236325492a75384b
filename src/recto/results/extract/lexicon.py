"""What business documents call things: the words and phrases that stand for each other. Data and its index only.

Phrases are written as `names.tokens` gives them: lower case, no plural, abbreviations written out. They come from
the usual wording of invoices, orders, receipts, contracts, registrations and forms in several languages; none names
an issuer, a form or a data set.
"""

from functools import cache


def word_set(text: str) -> frozenset[str]:
    """The words of a text, parted at blanks.

    >>> sorted(word_set("of the"))
    ['of', 'the']
    """
    return frozenset(text.split())


STOP_WORDS = word_set(
    "of the a an and or for to in on at by with from as is are be this that your our per de la le du des der die das "
    "den van het een el los las di il da do e und et y en if any please s"
)
"""Words that say nothing about which thing a label names."""

GENERIC_WORDS = word_set(
    "number name date amount code type id value description reference address total text field detail information info"
    " full printed current applicable list"
)
"""Words that many labels share; alone they name little."""

QUALIFIERS = word_set(
    "sub subtotal tax vat gst sst net alternate quantity discount saving rounding change previous opening balance"
    " untaxed exclusive excluding excl before deposit credit paid cash"
    " tendered tender unit due start end from until delivery shipping ship billing bill sold remit original print"
    " printed expiry expiration birth foreign secondary"
    " second home work mobile fax maiden middle first last minimum maximum average month year item count shipped"
    " round adjustment adj commission comm earned point member"
)
"""Words that make another thing of a label: a subtotal is no total, a due date not the date."""

LABEL_NOUNS = word_set(
    "code number name reference date address type id account category contact phone fax email state city rating copy"
    " summary share group division comm commission desc description registration"
)
"""After a label's words these go on with the label and are no value: advertiser code, order date."""

PHRASES: tuple[tuple[str, ...], ...] = (
    # documents and their numbers
    ("invoice number", "invoice id", "invoice", "tax invoice number", "bill number", "receipt number", "inv number",
     "document number", "doc number", "factuurnummer", "factuur number", "rechnungsnummer", "rechnung number",
     "numero de facture", "facture number", "facture", "numero factura", "factura number", "numero fattura",
     "fattura number", "booking id"),
    ("order number", "order id", "purchase order number", "purchase order", "order", "sale order number",
     "ordernummer", "bestelnummer", "bestellnummer", "auftragsnummer", "numero de commande", "numero pedido",
     "order rev", "order revision"),
    ("contract number", "contract id", "contract", "agreement number", "contract revision", "invoice number",
     "order rev", "order revision", "order number", "order", "vertragsnummer", "contractnummer", "numero de contrat"),
    ("booking id", "booking number", "booking reference", "reservation number", "confirmation number", "reservation"),
    ("customer number", "customer id", "client id", "client number", "customer code", "account number",
     "klantnummer", "kundennummer", "numero client", "id client", "numero de client", "customer reference"),
    ("account number", "bank account number", "account", "kontonummer", "rekeningnummer"),
    ("registration number", "registration", "reg number", "registration id"),
    ("company registration number", "company number", "chamber of commerce number", "coc number", "coc", "kvk",
     "kvk number", "cin", "siren", "siret", "handelsregister", "co reg number", "co number", "reg number"),
    ("vat number", "vat id", "vat registration number", "vat", "tax id", "tax number", "tax registration number",
     "gstin", "gst number", "gst id", "gst registration number", "gst reg number", "btw number", "btw",
     "btw nummer", "ust id", "ust idnr", "umsatzsteuer id", "tva intra communautaire", "numero tva",
     "number de tva intra communautaire", "vat tin", "tin", "nif", "cif", "partita iva", "ein"),
    ("gstin", "gst number", "gst id", "gst registration number", "gst reg number"),
    ("bic", "swift", "bic code", "swift code", "bic swift"),
    ("iban", "iban number"),
    ("line number", "telephone line number", "numero de ligne"),
    ("tracking number", "tracking id", "shipment number", "awb number", "waybill number"),
    ("social security number", "ssn"),
    ("policy number", "policy id", "policy"),
    ("claim number", "claim id", "claim"),
    ("case number", "case id", "file number", "docket number"),
    ("employee id", "employee number", "staff number", "personnel number"),
    ("patient id", "patient number", "medical record number", "mrn"),
    ("serial number", "serial"),
    ("item number", "item code", "sku", "product code", "part number", "article number", "artikelnummer"),
    # dates
    ("invoice date", "date", "bill date", "date of invoice", "issue date", "date of issue", "issued", "dated",
     "receipt date", "transaction date", "document date", "factuurdatum", "rechnungsdatum", "datum",
     "date de facture", "date facture", "fecha", "fecha de factura", "data", "data fattura"),
    ("date", "invoice date", "document date", "issue date", "date of issue", "order date", "transaction date",
     "date of report", "report date", "receipt date", "bill date", "statement date", "datum", "fecha", "data"),
    ("order date", "date of order", "orderdatum", "bestelldatum", "date de commande", "fecha de pedido"),
    ("due date", "date due", "payment due", "payment due date", "due", "vervaldatum", "falligkeitsdatum",
     "fallig am", "zahlbar bis", "date limite de paiement", "date d echeance", "echeance", "fecha de vencimiento"),
    ("delivery date", "date of delivery", "ship date", "shipping date", "shipped", "leverdatum", "lieferdatum"),
    ("start date", "date start", "from date", "begin date", "start", "begin", "period start",
     "valid from"),
    ("end date", "date end", "to date", "expiration date", "expiry date", "end", "period end", "valid until",
     "valid to", "through"),
    ("check in", "check in date", "arrival date", "arrival", "date check in", "checkin"),
    ("check out", "check out date", "departure date", "departure", "date check out", "checkout"),
    ("date of birth", "birth date", "birthdate", "dob", "born", "geburtsdatum", "date de naissance"),
    ("expiry date", "expiration date", "valid until", "exp date", "expires", "expiry"),
    ("file date", "filing date", "date filed", "filed", "date of filing", "date of report",
     "report date"),
    ("signature date", "date signed", "signed date", "date of signature"),
    ("effective date", "date of agreement", "agreement date", "contract date", "commencement date", "dated"),
    # amounts
    ("total", "total amount", "grand total", "amount due", "total due", "total payable", "amount payable",
     "total amount payable", "balance due", "net total", "invoice total", "total invoice", "total sale", "total rm",
     "total incl gst", "total inclusive gst", "total inclusive of gst", "total with gst", "rounded total",
     "total sale inclusive of gst", "total sale incl gst", "nett total", "tl", "amount", "total facture",
     "totaal", "gesamtbetrag", "gesamt", "summe", "endbetrag", "total ttc", "montant ttc", "montant total",
     "importe total", "totale", "total to pay", "total payment", "sum", "order total", "total value", "order value",
     "total factura", "total fattura", "gesamtsumme", "rechnungsbetrag", "importo totale"),
    ("amount", "total amount", "grand total", "total", "amount due", "total due", "balance due", "amount payable",
     "total payable", "invoice total", "total facture", "totaal", "gesamtbetrag", "total ttc", "montant total",
     "importe total"),
    ("gross amount", "gross total", "total gross", "gross", "grand total", "total amount", "total contract amount",
     "total order amount", "contract total", "order total", "actual gross billing", "total billing", "total"),
    ("net amount", "net total", "net due", "net", "total net", "netto", "nettobetrag", "nettosumme"),
    ("subtotal", "sub total", "amount untaxed", "untaxed amount", "amount before tax",
     "total before tax", "total excluding tax", "total excluding vat", "total excluding gst", "exclusief btw",
     "excl btw", "net amount", "subtotaal", "zwischensumme", "nettobetrag", "total ht", "montant ht", "montant eur ht",
     "taxable amount", "base imponible", "imponibile", "total excl gst"),
    ("tax", "tax amount", "total tax", "sale tax", "vat", "vat amount", "gst", "gst amount", "total gst",
     "gst payable", "tva", "montant tva", "btw", "mwst", "iva", "sst"),
    ("discount", "total discount", "discount amount", "korting", "rabatt", "remise"),
    ("shipping", "shipping cost", "shipping amount", "freight", "delivery charge", "postage", "handling"),
    ("tip", "gratuity", "tip amount"),
    ("amount paid", "paid", "paid amount", "payment", "payment received", "total paid"),
    ("balance", "balance due", "amount due", "outstanding balance", "account balance", "closing balance"),
    ("unit price", "price unit", "price", "rate", "price per unit", "price each", "prijs per stuk", "einzelpreis",
     "prix unitaire", "precio unitario", "u price", "unit cost", "cost"),
    ("quantity", "count", "unit", "aantal", "menge", "quantite", "cantidad", "quantita", "number of unit"),
    ("line total", "amount", "total", "total price", "gesamtpreis", "gesamt", "prix total",
     "price subtotal", "net amount", "extended price", "line amount",
     "bedrag", "betrag", "montant", "importe", "prijs incl btw"),
    ("description", "desc", "item", "product", "product title", "item description", "service", "particular", "detail",
     "article", "artikel", "omschrijving", "beschreibung", "bezeichnung", "designation", "descripcion", "item name",
     "product name", "name", "product description", "transaction", "transaction description", "memo", "narrative"),
    ("tax percent", "tax rate", "line tax percent", "vat rate", "vat percent", "vat", "tax", "btw", "tva", "gst rate"),
    ("withdrawal", "debit", "money out", "paid out", "payment"),
    ("deposit", "credit", "money in", "paid in"),
    ("balance", "running balance", "closing balance"),
    ("interest rate", "rate of interest", "annual percentage rate"),
    ("payment method", "payment mode", "method of payment", "mode of payment", "payment type",
     "betaalwijze", "zahlungsart", "mode de paiement", "forma de pago", "metodo de pago", "modalita di pagamento"),
    ("payment term", "term", "term of payment", "zahlungsbedingungen", "conditions de paiement"),
    ("currency", "currency code", "wahrung", "devise", "valuta", "moneda"),
    # people and organisations
    ("issuer", "vendor", "vendor name", "seller", "supplier", "supplier name", "merchant", "sold by", "merchant name",
     "company", "company name", "seller name", "biller", "payee", "from", "store", "store name", "issuer name",
     "verkoper", "lieferant", "fournisseur", "proveedor", "issued by"),
    ("buyer", "customer", "customer name", "bill to", "client", "client name", "sold to", "buyer name", "invoice to",
     "purchaser", "guest name", "guest", "recipient", "billed to", "klant", "kunde", "payer", "customer company"),
    ("advertiser", "advertiser name", "sponsor"),
    ("agency", "agency name", "agency buyer"),
    ("registrant", "registrant name", "name of registrant", "name of registrant or agent"),
    ("signer", "signer name", "signatory", "signatory name", "signed by", "name of signer", "name and title",
     "printed name", "print name", "name of person signing", "name printed", "typed name"),
    ("signer title", "title of signer", "name and title", "position", "job title", "capacity"),
    ("foreign principal", "foreign principal name", "name of foreign principal", "foreign principle name"),
    ("employer", "employer name", "name of employer"),
    ("first name", "given name", "forename", "vorname", "prenom"),
    ("last name", "surname", "family name", "nachname", "nom"),
    ("full name", "name", "applicant name", "complete name"),
    ("contact", "contact name", "contact person", "attention", "attn"),
    ("salesperson", "sale representative", "sale rep", "account executive", "sold by", "cashier", "served by"),
    ("account executive", "primary ae", "ae", "salesperson", "account manager"),
    ("product", "product name", "product desc", "product description"),
    # places and ways to reach
    ("address", "street address", "mailing address", "postal address", "adresse", "anschrift", "direccion", "adres",
     "indirizzo", "location"),
    ("line number", "position", "pos", "line", "line item number", "sl number", "sr number", "lfd nr"),
    ("customer address", "buyer address", "client address", "bill to", "billing address", "bill to address",
     "invoice address", "kundenadresse"),
    ("billing address", "bill to", "bill to address", "invoice address", "billed to", "rechnungsadresse",
     "factuuradres", "adresse de facturation"),
    ("shipping address", "ship to", "ship to address", "delivery address", "deliver to", "lieferadresse",
     "afleveradres", "adresse de livraison"),
    ("city", "town", "stad", "stadt", "ville", "ciudad"),
    ("zip", "zip code", "postal code", "postcode", "post code", "plz", "code postal"),
    ("state", "province", "region", "county"),
    ("country", "country code", "land", "pays", "pais", "nation"),
    ("street", "street name", "address line 1", "street address"),
    ("phone", "phone number", "contact number", "telephone number", "telefon", "telefoon", "telephone", "mobile",
     "mobile number", "cell", "cell phone", "main"),
    ("fax", "fax number"),
    ("email", "email address", "mail"),
    ("website", "web site", "url", "web", "homepage"),
    # contracts
    ("jurisdiction", "governing law", "applicable law", "law", "governing jurisdiction", "choice of law"),
    ("term", "duration", "contract term", "agreement term", "term of agreement", "term length"),
    ("party", "contract party", "contracting party", "party name"),
    # e-mail
    ("subject", "re", "betreff", "onderwerp", "objet", "asunto"),
    ("sender", "from", "sender email", "from email", "sender address", "von", "van"),
    ("recipient", "to", "recipient email", "to email", "an", "aan"),
    ("cc", "carbon copy"),
    ("sent date", "date sent", "sent", "date", "sent on"),
    ("hotel detail", "hotel name", "hotel"),
    ("room count", "number of room", "room", "amount room"),
    ("note", "remark", "comment", "memo", "bemerkung", "opmerking"),
    ("gender", "sex"),
    ("marital status", "civil status"),
    ("occupation", "profession", "job"),
    ("weight", "gross weight", "total weight"),
    ("nationality", "citizenship"),
)  # fmt: skip
"""Phrases that name one thing in documents of some kind; the first is what schemas mostly call it."""

WORDS: tuple[tuple[str, ...], ...] = (
    ("customer", "client", "buyer", "purchaser"),
    ("vendor", "supplier", "seller", "issuer", "company", "partner", "merchant", "payee"),
    ("contract", "agreement"),
    ("number", "id", "reference", "code"),
    ("amount", "total", "sum"),
    ("phone", "mobile", "telephone"),
    ("start", "begin", "from", "commencement"),
    ("end", "finish", "until", "to", "expiration"),
    ("principal", "principle"),
    ("delivery", "shipping", "ship"),
    ("item", "product", "article", "line"),
    ("price", "cost", "rate"),
    ("state", "province"),
    ("zip", "postcode", "postal"),
    ("employee", "staff", "worker"),
    ("flight", "contract", "schedule", "campaign", "order", "run"),
    ("hire", "employment"),
    ("purchase", "buy"),
    ("signer", "signatory", "signed"),
    ("filing", "file", "filed"),
)
"""Single words that may take each other's place in a label."""

OWNERS = word_set("partner company vendor supplier seller issuer merchant")
"""Words before a field's own that only say whose it is: the document's issuer's."""

RANGES: tuple[tuple[frozenset[str], int], ...] = (
    (frozenset(("start", "from", "begin", "since", "commencement")), 0),
    (frozenset(("end", "to", "until", "through", "thru", "finish")), 1),
)
"""Words of a field's name that ask for the first or second date of a span."""

SPAN_WORDS = frozenset(("date", "period", "term", "range", "span", "time", "flight", "duration", "dates"))


REAL_WORDS = word_set(
    "employee employer contract contact date dated order older price prime state statement service services form from"
    " other their retail issue issued sale sales city country county name note page paid sign signed"
)
"""Words that differ by a letter or two from words of labels, and are no misreadings of them."""


@cache
def known_words() -> frozenset[str]:
    """Every word of the lexicon, as printed in it."""
    phrases = {word for group in PHRASES for phrase in group for word in phrase.split()}
    return (
        frozenset(phrases | {word for group in WORDS for word in group})
        | GENERIC_WORDS
        | QUALIFIERS
        | REAL_WORDS
    )


@cache
def phrase_groups() -> dict[str, tuple[tuple[str, ...], ...]]:
    """The groups a phrase stands in, by phrase."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for group in PHRASES:
        for phrase in group:
            found.setdefault(phrase, []).append(group)
    return {phrase: tuple(groups) for phrase, groups in found.items()}


@cache
def word_groups() -> dict[str, tuple[str, ...]]:
    """Words that may take a word's place, by word."""
    found: dict[str, list[str]] = {}
    for group in WORDS:
        for word in group:
            found.setdefault(word, []).extend(other for other in group if other != word)
    return {word: tuple(others) for word, others in found.items()}
