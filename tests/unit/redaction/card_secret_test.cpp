#include <catch2/catch.hpp>

#include "redaction/card_number.hpp"

using tollgate::names_card_secret;

TEST_CASE("a member named like a card's verification code is recognised in every spelling") {
    for (const auto* name : {"cvv",
                             "CVV",
                             "Cvv",
                             "cvc",
                             "cvv2",
                             "CVC2",
                             "cid",
                             "CID",
                             "csc",
                             "c_v_v",
                             "cvv_2",
                             "CVV-2",
                             "c v c",
                             "card_cvv",
                             "card-cvc",
                             "cardCvv",
                             "cardcvc",
                             "cardCVV2",
                             "cvvCode",
                             "cvc_code",
                             "CVV_CODE",
                             "card_verification_code",
                             "cardVerificationValue",
                             "Card Verification Number",
                             "card-verification",
                             "cardverification",
                             "card_security_code",
                             "security_code",
                             "securityCode",
                             "card_cid",
                             "payment.cvv",
                             "_cvv_",
                             "card_validation_code",
                             "cvn",
                             "ccv"}) {
        CAPTURE(name);
        CHECK(names_card_secret(name));
    }
}

TEST_CASE("a member that only looks a little like one is left alone") {
    for (const auto* name : {"incident",
                             "incident_id",
                             "acid",
                             "placid",
                             "cidr",
                             "decider",
                             "customer_id",
                             "order_cid",
                             "cart",
                             "card",
                             "card_id",
                             "card_country",
                             "mac_vcard",
                             "macVcard",
                             "csv",
                             "cvs",
                             "verification_code",
                             "description",
                             "",
                             "_",
                             "c",
                             "v",
                             "avs",
                             "c_i",
                             "coincidence"}) {
        CAPTURE(name);
        CHECK_FALSE(names_card_secret(name));
    }
}

TEST_CASE("a name of any length is answered") {
    CHECK_FALSE(names_card_secret(std::string(100'000, 'x')));
    CHECK(names_card_secret(std::string(100'000, 'x') + "_cvv"));
}
