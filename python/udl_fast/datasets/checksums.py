"""sha256 sums and sizes of the data files, taken over their decompressed content.

The sum is that of the content because the same file circulates raw, as .gz and as .xz: one line
here vouches for every wrapping.
"""

# name: (bytes, sha256)
CONTENT: dict[str, tuple[int, str]] = {
    "20news_v2000_counts.npz": (
        1_831_459,
        "824d3f529cfa5d95f381e15bf1d9cc059d19ef7fef0ee67d6a2b99de49e31ce4",
    ),
    "20news_w100_binary.npz": (
        84_968,
        "de436181863cbc67884d99744998e2898e662165de0938f490ab3cd6b559d6cc",
    ),
    "binarized_mnist_packed.npz": (
        2_336_176,
        "df14a884cb4aa7ac6692463fb31798a687c4e762c73c23a8ae3114fbec4e6093",
    ),
    "cifar-10-batches-bin/data_batch_1.bin": (
        30_730_000,
        "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
    ),
    "cifar-10-batches-bin/data_batch_2.bin": (
        30_730_000,
        "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
    ),
    "cifar-10-batches-bin/data_batch_3.bin": (
        30_730_000,
        "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
    ),
    "cifar-10-batches-bin/data_batch_4.bin": (
        30_730_000,
        "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
    ),
    "cifar-10-batches-bin/data_batch_5.bin": (
        30_730_000,
        "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
    ),
    "cifar-10-batches-bin/test_batch_first1000.bin": (
        3_073_000,
        "8314c96d7cd65618193bab23acdd5d4c4af15bf6dd00a1781d55beedf3be1ef5",
    ),
    "debd/accidents.test.data": (
        566_322,
        "df3f1b6c035bf3e306a7d7127320e479d2546ce14a5d6d3043e6be0925b8b414",
    ),
    "debd/accidents.train.data": (
        2_832_276,
        "a76648cf00772c275b4277b21d858e235e3c6d3c5ef30beeb4958189b6bed21c",
    ),
    "debd/accidents.valid.data": (
        377_400,
        "fd3a80a0f411f157cf3772a057d26980bb166cb89b10cafb818a53f1ec30d46d",
    ),
    "debd/adult.train.data": (
        1_230_000,
        "5590ab772dd51ed1b29bb972d2b416a58aee902b88be2f89b8c77f28f3e3db77",
    ),
    "debd/adult.valid.data": (
        347_844,
        "dbd7472c04c648e988264b90b76dc086294958ef4b395ee916090b2b82146e59",
    ),
    "debd/bnetflix.test.data": (
        600_000,
        "af73990782fd2f146d96059855c4f3bbb6a7a7caefc417ff620a3ed1415a2395",
    ),
    "debd/bnetflix.train.data": (
        3_000_000,
        "73c87cf0635ec734cc0726a5c644b904ff33e81ea51f1049db0e77b787ebad7c",
    ),
    "debd/bnetflix.valid.data": (
        400_000,
        "7f0a3e597c6f305f707f9ecd2b2aa523c576cdb17fdc5d902fc832ebea5163de",
    ),
    "debd/connect4.train.data": (
        4_032_000,
        "1cf1f300a290a33e15f8989364dd7e87c008699c3627e05cc70a5f2dd01cafd8",
    ),
    "debd/connect4.valid.data": (
        1_008_000,
        "e4657afaf1b6880aed84b64e348d2d502b32d90ad3177bea730dd5e0384fd3b8",
    ),
    "debd/dna.test.data": (
        426_960,
        "fec3ae7b26804020a9c43c99828441c5e08bb76b23719368a74ad2b09af99100",
    ),
    "debd/dna.train.data": (
        576_000,
        "bb8de0ca4b6ad9b610036b7a302962ebecd4b504354b14c02c7d0bee48d207d9",
    ),
    "debd/dna.valid.data": (
        144_000,
        "4b0fc89cda5eaf5c75926e281afb6af99de194a546070d5b81b524ba251f4f3f",
    ),
    "debd/jester.test.data": (
        823_200,
        "346044fb561cf18f284f7e9d5896178b03048991b6ebb6f7482885fccbc16082",
    ),
    "debd/jester.train.data": (
        1_800_000,
        "dd93578c3359d5b234bb278bf0901c5215d83b910f7d51d7c91951a0a4c244cd",
    ),
    "debd/jester.valid.data": (
        200_000,
        "91df833941e189265345898d3f63211560c2456df599f34beee8e95381ee7524",
    ),
    "debd/mushrooms.test.data": (
        1_259_776,
        "313c5f04b5d0a18bee2f2ffa264be265d09f5362aad6f714637acd9552f81aa0",
    ),
    "debd/mushrooms.train.data": (
        448_000,
        "465c712c066bbbee3ccceded24bbe42b4c379df67b524e28cce9bf3a8b83f27b",
    ),
    "debd/mushrooms.valid.data": (
        112_000,
        "5a067e6854df71623415e6adc8e913cbff766637a324788882ba800907aa5385",
    ),
    "debd/nips.test.data": (
        1_240_000,
        "48711bdaffbd43aa439679785e19d9cc80c64a157fa84eadc5dce60ee4edf7bc",
    ),
    "debd/nips.train.data": (
        400_000,
        "4d744cb1f2c725405bff6ef6878df06eafbbc2a91f0510e0f3d8a508b05ec7bb",
    ),
    "debd/nips.valid.data": (
        100_000,
        "b06acd8e6a701d63d4e58b5076c11c59bcd0343fb9b1fbb5997459d3e6b8ca96",
    ),
    "debd/nltcs.test.data": (
        103_552,
        "f9ffa6b74b27dc03bee3203d157ee31079e80b13be40d0c0093d635c25aed523",
    ),
    "debd/nltcs.train.data": (
        517_792,
        "e547a7aedad1dd2f7177030881ab1b92c7e24ae5464c71a0f1f89daecaf52b30",
    ),
    "debd/nltcs.valid.data": (
        69_024,
        "93bbbf5c6febdc9bc6e5b5bfab636f4dc0685ab2896d24b23dd267794c3bfcf6",
    ),
    "debd/ocr_letters.test.data": (
        2_560_000,
        "63c77682a932c5e5e04a429aba8dc7db5f942a87d549a8228fa144ec5ae998fb",
    ),
    "debd/ocr_letters.valid.data": (
        2_560_000,
        "b28ca9c39bb94fc3b0aeb3197304547bb066daaad0a1cce3da9749d068b74133",
    ),
    "debd/plants.test.data": (
        480_516,
        "95f53c033cd1d86467aec2610dc5bfe014534206c2da4919f73bcab246ab8755",
    ),
    "debd/plants.train.data": (
        2_402_856,
        "1fb1219ff94068d12a563f9e81f8889a1885f41e867884cff608669300c6848f",
    ),
    "debd/plants.valid.data": (
        320_298,
        "47834ed318b2d74f48e4b083226ef47fd446d41986012ceae19d230574821b34",
    ),
    "t10k-images-idx3-ubyte": (
        7_840_016,
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    "t10k-labels-idx1-ubyte": (
        10_008,
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    "train-images-idx3-ubyte": (
        47_040_016,
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    "train-labels-idx1-ubyte": (
        60_008,
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    "usps/zip.test": (
        2_029_542,
        "6bde17b4f1cd68e0630cd2751d6495b5795d9165ab2dc4a0be8b7002b732f4cc",
    ),
    "usps/zip.train": (
        14_512_253,
        "abc9f5c75b997cabe66b5d01727d5a681c69298e1641a8d37b55433a52129dc0",
    ),
}
