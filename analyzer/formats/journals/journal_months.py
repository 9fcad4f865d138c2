"""Month names as strftime's %b writes them: by the locale of whoever ran journalctl. From glibc's locale data.

Croatian is not among them: its lip, srp and lis are the Polish and Czech names of other months.
"""

import polars as pl

_NAMES = (
    "jan feb mar apr may jun jul aug sep oct nov dec",  # English
    "jan feb mär apr mai jun jul aug sep okt nov dez",  # German
    "jän feb mrz apr mai juni juli aug sept okt nov dez",  # Austrian, and older German
    "janv févr mars avril mai juin juil août sept oct nov déc",  # French
    "jan fév mars avr mai juin jui aoû sep oct nov déc",  # of Canada and Switzerland
    "ene feb mar abr may jun jul ago sep oct nov dic",  # Spanish
    "gen feb mar apr mag giu lug ago set ott nov dic",  # Italian
    "jan fev mar abr mai jun jul ago set out nov dez",  # Portuguese
    "xan feb mar abr mai xuñ xul ago set out nov dec",  # Galician
    "gen febr març abr maig juny jul ag set oct nov des",  # Catalan
    "urt ots mar api mai eka uzt abu ira urr aza abe",  # Basque
    "jan feb mrt apr mei jun jul aug sep okt nov dec",  # Dutch
    "jan feb mar apr maj jun jul aug sep okt nov dec",  # Danish, Swedish, Slovenian, Bosnian
    "jan feb mars april mai juni juli aug sep okt nov des",  # Norwegian
    "jan feb mar apr maí jún júl ágú sep okt nóv des",  # Icelandic
    "tammi helmi maalis huhti touko kesä heinä elo syys loka marras joulu",  # Finnish
    "jaan veebr märts apr mai juuni juuli aug sept okt nov dets",  # Estonian
    "jan feb mar apr mai jūn jūl aug sep okt nov dec",  # Latvian
    "saus vas kov bal geg birž liep rugp rugs spal lapkr gruod",  # Lithuanian
    "sty lut mar kwi maj cze lip sie wrz paź lis gru",  # Polish
    "led úno bře dub kvě čen čec srp zář říj lis pro",  # Czech
    "jan feb mar apr máj jún júl aug sep okt nov dec",  # Slovak
    "jan febr márc ápr máj jún júl aug szept okt nov dec",  # Hungarian
    "ian feb mar apr mai iun iul aug sep oct nov dec",  # Romanian
    "јан феб мар апр мај јун јул авг сеп окт нов дец",  # Serbian
    "jan feb mar apr maj jun jul avg sep okt nov dec",
    "яну фев мар апр май юни юли авг сеп окт ное дек",  # Bulgarian
    "янв фев мар апр мая июн июл авг сен окт ноя дек",  # Russian
    "янв фев мар апр май июн июл авг сен окт ноя дек",
    "січ лют бер кві тра чер лип сер вер жов лис гру",  # Ukrainian
    "сту лют сак кра мая чэр ліп жні вер кас ліс сне",  # Belarusian
    "ιαν φεβ μαρ απρ μαΐ ιουν ιουλ αυγ σεπ οκτ νοε δεκ",  # Greek
    "oca şub mar nis may haz tem ağu eyl eki kas ara",  # Turkish
    "jan feb mar apr mei jun jul agu sep okt nov des",  # Indonesian
    "jan feb mac apr mei jun jul ogos sep okt nov dis",  # Malay
    "ינו פבר מרץ אפר מאי יונ יול אוג ספט אוק נוב דצמ",  # Hebrew
    "ينا فبر مار أبر ماي يون يول أغس سبت أكت نوف ديس",  # Arabic
    "ژانویه فوریه مارس آوریل مه ژوئن ژوئیه اوت سپتامبر اكتبر نوامبر دسامبر",  # Persian
    "जन फ़र मार्च अप्रैल मई जून जुल अग सित अक्तू नव दिस",  # Hindi
    "ม.ค ก.พ มี.ค เม.ย พ.ค มิ.ย ก.ค ส.ค ก.ย ต.ค พ.ย ธ.ค",  # Thai
    "1月 2月 3月 4月 5月 6月 7月 8月 9月 10月 11月 12月",  # Chinese, Japanese
    "1월 2월 3월 4월 5월 6월 7월 8월 9월 10월 11월 12월",  # Korean
)
_NUMBERS = {name: number for names in _NAMES for number, name in enumerate(names.split(), 1)}
_NUMBERS |= {"märz": 3, "set": 9, **{f"thg {number}": number for number in range(1, 13)}}  # Vietnamese

_LETTERS = r"[^\x00-@\[-`{-\x7f]"  # of any script, with their marks
MONTH = rf"(?:de |d’)?(?:{_LETTERS}{{1,12}}(?:\.{_LETTERS})?\.?|[0-9]{{1,2}}(?:月|월)|[Tt]hg [0-9]{{1,2}})"
"""A regular expression, for polars and for re, of all of them and of much else."""


def number(name: str) -> int | None:
    """1 to 12; None if it is no month."""
    return _NUMBERS.get(name.lower().removeprefix("de ").removeprefix("d’").rstrip(".॰"))


def numbers(names: pl.Series) -> pl.Series:
    """1 to 12 of each; null if it is no month. There are few distinct ones."""
    known = {name: number(name) for name in names.drop_nulls().unique()}
    return names.replace_strict(known or {"": None}, default=None, return_dtype=pl.Int64)
