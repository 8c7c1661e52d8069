from pypinyin import Style, lazy_pinyin
def pinyin_initials(name):
    return "".join(lazy_pinyin(name, style=Style.FIRST_LETTER, errors="ignore"))[:40]
def for_name(name):
    grams = sorted({name[i:i+n] for n in (1,2) for i in range(len(name)-n+1)})
    return {"name": name, "name_initials": pinyin_initials(name), "name_grams": grams}
