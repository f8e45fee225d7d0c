"""Words with which customers wrap a question: they tell little about its topic, by language."""

from functools import cache

from knowledge.texts.folding import folded_words
from knowledge.texts.languages import find

PORTUGUESE = """
aceita aceitam aceitar achar achei acontece agora aguardo ai ainda ajuda ajudar algo alguem algum
alguma algumas alguns ali amanha amiga amigo ano anos anteontem antes apenas aqui assim ate beleza
bjs boa bom c cada caso cedo certo chama chegou coisa coisas colocar coloco coloquei comigo
comprando comprar comprei consegue conseguem conseguir consigo convem dai dando dar dei deixa
deixo deixou depois desde dessa desse deu devia devo dia dias direto diz dizer dois dou duas
duvida entao entra entrar esposa esqueci existe explica explicar faco fala falar fazendo feito fez
filha filho fiz fora forma funciona galera ganho gastar gente gostaria gostei grande guardar hoje
hora horas ir jeito kkk kkkk la legal leva levar logo lugar mae maior mandam mandar manha marido
meio melhor mes meses mesma mim minuto moca moco moro mudar namorado ne nem nenhum nenhuma nesse
ninguem noite nome normal nova novo nunca oferece oferecem oie oiee oii olha olhar ontem otimo
outra outras outro outros p paga pagando pai parte partir passa passam passar passei passo passou
pega pegar pego peguei pensando pequeno perco perto pessoa pessoas pois posso possuem possui
precisa precisando precisava problema procuro pronto quase quer queria resolve resolver rs rsrs
ruim sabe sai saiu sei semana sempre sentir serve sim sobe sobrar sobre socorro talvez tava tempo
tentei tipo tira tirar trabalha trabalham trocou urgente usa usam usando usar uso vale varias
varios veio vejo vem vende vendem vender vez vezes vi vindo vir viu volta voltar vou
"""

ENGLISH = """
actually again already also always anyone anything ask bought buy come does else even find getting
give guys happen help here how keep kind let look maybe me new now okay old one really right said
say see someone something sorry still sure take tell thing think time today tomorrow try use used
using wanted way well went work yesterday yet
"""

SPANISH = """
ahora alguien algun alguna amigo anos antes aqui asi aun ayer ayuda cada casa caso comprar compre
cosa cuenta dar decir dia dias dice entonces forma gente gustaria hoy ir luego manana mismo
momento necesito nueva nuevo nunca otra otro parte pedir persona poder poner problema pronto quede
quiero saber siempre tal tarde tiempo tipo todavia tomar usar uso veces ver vez viene voy
"""

_TEXTS = {"pt": PORTUGUESE, "en": ENGLISH, "es": SPANISH}


@cache
def faint_words(language: str) -> frozenset[str]:
    """By word and not by stem: that of “sabe” is that of “sábado” too."""
    return frozenset(folded_words(_TEXTS[find(language).code]))
