"""Words that say nothing about a topic, folded, by language: grammar, courtesy, asking itself.

"Without" stays a term: "sem glúten" is another question than "glúten". Negations went, because a
customer's "não" is mostly small talk, and rankings measured better without.
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PORTUGUESE = _words(
    """
    a ao aos aquela aquelas aquele aqueles aquilo as ate bem boa bom cade com como consigo da
    dar das de dela delas dele deles depois do dos e ela elas ele eles em entre era eram essa
    essas esse esses esta estamos estao estar estas estava estavam este esteja estes estou eu
    favor faz fazem fazer fica ficar foi fomos for foram fosse fui gostaria ha haja hei houve
    isso isto ja lhe lhes mais mas me mesmo meu meus minha minhas muito na nada nao nas no noite
    nos nossa nossas nosso nossos num numa o obrigada obrigado oi ola onde opa os ou para pela
    pelas pelo pelos pode podem podia por porque posso pra preciso pro quais qual quando quanta
    quantas quanto quantos que quem queria quero sabe saber sao se seja sejam ser sera serao
    seria seriam seu seus so somos sou sua suas tambem tarde te tem tenha tenho ter teria teu
    teus teve tinha tive toda todas todo todos tu tua tuas tudo um uma umas uns vai vao ver voce
    voces vos
    """
)

ENGLISH = _words(
    """
    a about after all am an and any are as at be because been before being between both but by
    can could did do does doing during each few for from further get good got had has have
    having he hello her here hers hi him his how i if in into is it its just know like make many
    me more most much my need no not of off on once only or other our ours out over own please
    same she should so some such tell than thank thanks that the their theirs them then there
    these they this those through to too under until up us very want was we were what when where
    which while who whom why will with would you your yours
    """
)

SPANISH = _words(
    """
    a al algo algunas algunos ante antes aquel aquella bien buenas buenos como con cual cuando
    cuanta cuantas cuanto cuantos de del desde donde durante e el ella ellas ellos en entre era
    eran es esa esas ese eso esos esta estaba estan estar estas este esto estos estoy favor fue
    fueron gracias ha habia hace hacer han has hasta hay he hola la las le les lo los mas me mi
    mis mucho muy nada no nos nosotros nuestra nuestras nuestro nuestros o os otra otras otro
    otros para pero por porque puede pueden puedo que quien quiero quisiera saber se sea ser si
    sido sobre son soy su sus tambien tanto te tenemos tener tengo tiene tienen todas todo todos
    tu tus un una uno unos usted ustedes y ya yo
    """
)
