// SPDX-License-Identifier: Apache-2.0
// The same from C++: prints the result of an advisory as JSON.
//
//     c++ -o validate validate.cpp $(pkg-config --cflags --libs tocsin-csaf)
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <tocsin/csaf.h>

namespace
{
template <typename T, void (*release)(T *)> struct Release {
    void operator()(T *object) const
    {
        release(object);
    }
};
using Validator = std::unique_ptr<tocsin_csaf_validator,
                                  Release<tocsin_csaf_validator, tocsin_csaf_validator_free>>;
using Result =
    std::unique_ptr<tocsin_csaf_result, Release<tocsin_csaf_result, tocsin_csaf_result_free>>;
using Text = std::unique_ptr<char, Release<char, tocsin_csaf_free>>;
} // namespace

int main(int argc, char **argv)
{
    Validator validator(tocsin_csaf_validator_new());
    std::ifstream file(argc > 1 ? argv[1] : "", std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
    tocsin_csaf_result *made = nullptr;

    if (!validator || !file)
        return 3;
    if ((argc > 2 && tocsin_csaf_add_preset(validator.get(), argv[2]) != TOCSIN_CSAF_OK) ||
        tocsin_csaf_validate(validator.get(), text.data(), text.size(), &made) != TOCSIN_CSAF_OK) {
        std::cerr << tocsin_csaf_message(validator.get()) << '\n';
        return 3;
    }
    const Result result(made);
    const Text json(tocsin_csaf_result_json(result.get(), argv[1]));
    if (!json)
        return 3;
    std::cout << json.get() << '\n';
    return tocsin_csaf_result_valid(result.get()) ? 0 : 1;
}
