"""Last names and streets of Britain; scripts/build_word_lists.py drew them from Mimesis."""

# They are of Mimesis (https://github.com/lk-geimfari/mimesis), under this licence:
#
# MIT License
#
# Copyright (c) 2016-Present Isaak Uchakaev (Likid Geimfari) <hey@isaak.dev>
#
# Permission is hereby granted, free of charge, to any person obtaining a copy
# of this software and associated documentation files (the "Software"), to deal
# in the Software without restriction, including without limitation the rights
# to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
# copies of the Software, and to permit persons to whom the Software is
# furnished to do so, subject to the following conditions:
#
# The above copyright notice and this permission notice shall be included in all
# copies or substantial portions of the Software.
#
# THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
# IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
# FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
# AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
# LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
# OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
# SOFTWARE.

_LAST_NAMES = (
    "Abbott;Acevedo;Alexander;Alford;Allen;Alvarado;Anderson;Andrews;Anthony;Baird;Baker;"
    "Baldwin;Ball;Ballard;Barber;Barlow;Barnett;Bartlett;Bates;Battle;Bender;Benjamin;Bentley;"
    "Bishop;Blackwell;Blankenship;Blevins;Bolton;Bonner;Booth;Boyer;Boyle;Bradshaw;Bray;"
    "Brennan;Bridges;Brock;Bryan;Burch;Burnett;Burris;Butler;Byers;Cabrera;Caldwell;Cardenas;"
    "Carpenter;Carr;Carroll;Cash;Castro;Chan;Chapman;Cherry;Clark;Cline;Cobb;Coffey;Collins;"
    "Conrad;Contreras;Cox;Crawford;Cross;Cummings;Curtis;Dale;Daniel;Davenport;Day;Dean;"
    "Deleon;Dickerson;Dodson;Dominguez;Donaldson;Drake;Duran;Edwards;Elliott;Ellison;Emerson;"
    "Estes;Evans;Ewing;Farley;Farrell;Faulkner;Ferguson;Ferrell;Fields;Fischer;Fitzpatrick;"
    "Fleming;Forbes;Ford;Francis;Frank;Franklin;Frazier;Gallegos;Galloway;Giles;Gillespie;"
    "Gilliam;Glass;Golden;Gomez;Goodwin;Graham;Graves;Gray;Green;Grimes;Guerrero;Guy;Hall;"
    "Hamilton;Hampton;Hanson;Hardin;Hardy;Harrell;Hart;Hawkins;Hayden;Head;Henry;Henson;"
    "Hernandez;Higgins;Hinton;Hodges;Holcomb;Holman;Holt;Hopkins;Horne;Horton;Howard;Howe;"
    "Howell;Huffman;Hurley;Hurst;Hutchinson;Irwin;James;Jenkins;Jensen;Jimenez;Johns;Joyner;"
    "Juarez;Kane;Keith;Kelly;Kennedy;Kirby;Klein;Knight;Knowles;Kramer;Lancaster;Lawrence;Le;"
    "Leblanc;Lester;Levine;Levy;Lott;Lucas;Luna;Lynch;Lyons;Macdonald;Madden;Maldonado;Mann;"
    "Marquez;Mason;Mathews;Mathis;Matthews;Maxwell;May;Maynard;Mccarthy;Mccoy;Mccullough;"
    "Mcdaniel;Mcguire;Mcintyre;Mclean;Mcmahon;Mcmillan;Mcneil;Meadows;Mendoza;Merritt;Michael;"
    "Middleton;Miles;Miller;Mills;Monroe;Montgomery;Morales;Morin;Morris;Morrison;Mosley;"
    "Mullen;Mullins;Myers;Neal;Newman;Nichols;Nieves;Noel;O'brien;O'neal;O'neill;Ochoa;Olsen;"
    "Orr;Osborne;Pace;Park;Parks;Parrish;Pate;Patel;Pena;Pennington;Perez;Petersen;Petty;"
    "Pierce;Poole;Preston;Prince;Puckett;Pugh;Quinn;Randall;Randolph;Ratliff;Reese;Reyes;"
    "Reynolds;Rice;Richmond;Riddle;Rivas;Roberson;Roberts;Robertson;Rodriquez;Rollins;Roman;"
    "Romero;Rosario;Ross;Rowe;Roy;Ruiz;Russo;Sampson;Sanchez;Sandoval;Santos;Saunders;Savage;"
    "Sawyer;Schroeder;Schwartz;Sellers;Shaffer;Shelton;Shepard;Short;Simon;Singleton;Skinner;"
    "Snider;Spencer;Stanley;Stanton;Stein;Stephens;Stone;Strickland;Swanson;Talley;Thomas;"
    "Todd;Tran;Tucker;Turner;Valentine;Valenzuela;Vasquez;Vaughan;Vaughn;Vazquez;Vinson;"
    "Wagner;Walker;Wallace;Walters;Walton;Ward;Webster;West;Whitney;Wilkerson;Witt;Woodward;"
    "Workman;Young"
)
LAST_NAMES = tuple(_LAST_NAMES.split(";"))

_STREETS = (
    "Artana Lake;Artlone Glen;Ashmount Junction;Ashwoods Creek;Audleystown Hill;Augher Path;"
    "Aughnamirigan Drive;Balliggan Manor;Ballinacraig Rapids;Ballooleymore Field;"
    "Ballyarnot Court;Ballybentragh Extension;Ballybunden Green;Ballycarry Parkway;"
    "Ballycranmore Run;Ballycrochan Estate;Ballydonnelly Square;Ballydoonan Lake;"
    "Ballyfrench Pass;Ballyfrenis Spur;Ballyharry Center;Ballyknockan Drive;"
    "Ballymacashen Pass;Ballymacdermot Manor;Ballymacnab Row;Ballymacpeake Lake;"
    "Ballymontenagh Route;Ballynalack Viaduct;Ballynamagna Motorway;Ballyneill Center;"
    "Ballyscandal Ferry;Ballyweeny Row;Ballywoodock Parkway;Bamford Green;Bannfoot Landing;"
    "Baragh Parkway;Baroda Ferry;Bayview Extension;Bearnagh Field;Beechlands Place;"
    "Belgrano Court;Belsize Lane;Beltany Junction;Bennett Street;Berkley Pass;Berlin Row;"
    "Bernisk Run;Bogashen Junction;Boomhall Bend;Bracken Extension;Bracky Lane;Bracky Plaza;"
    "Braeside Crossing;Bramble Spur;Brambling Pike;Breenvale Street;Britannic Pass;"
    "Brockagh Place;Brokerstown Manor;Brookehill Hills;Brustin Spur;Bryantang Pine;"
    "Buchanans Viaduct;Burndale Gardens;Byturn Grove;Cahore Station;Canning Green;"
    "Cardy Center;Carnglave Lodge;Carnlelis Landing;Carnpark Loop;Carnreagh Turnpike;"
    "Carquillan Field;Carrickaduff Place;Carricklee Run;Carrigenagh Row;Carrington Estate;"
    "Carrowcrin Motorway;Castlemore Field;Castlerock Manor;Castor Row;Catherine Point;"
    "Century Extension;Charnwood Bend;Clanrye Highway;Clarence Extension;Cleenish Trace;"
    "Clonalon Motorway;Cloneden Pike;Clonkeen Trail;Clonlum Shore;Cloughanduff Walk;"
    "Cloughlands Bridge;Cloverhill Route;Coharra Pine;Connaugh Field;Connsbank Viaduct;"
    "Copperwood Motorway;Corbracky Loop;Corn Court;Cornwall Point;Corrashesk Glen;"
    "Councillors Bypass;Courtney Hills;Craigatempin Grove;Cranburn Square;Cravenny Junction;"
    "Crockatore Crescent;Crommelin Terrace;Crott Boulevard;Crunagh Annex;Crunagh Bypass;"
    "Cules Canyon;Cullaville Route;Cullenfad Walk;Cullentragh Hills;Culvacullion Arcade;"
    "Cumran Lane;Currin Station;Cushendall Freeway;Cushowen Glen;Damhill Loop;Dart Trace;"
    "De Terrace;Dellmount Garden;Derryane Freeway;Derrygarve Arcade;Derrylappen Ferry;"
    "Derryraine Bend;Derrytrasna Trail;Derryveen Lodge;Derryview Trail;Derryvinney Highway;"
    "Disraeli Crossing;Divis Ferry;Doonbeg Canyon;Drumahean Boulevard;Drumankelly Creek;"
    "Drumawhey Highway;Drumcarn Green;Drumclay Path;Drumcoote Avenue;Drumcrin Walk;"
    "Drumcroon Road;Drumgarrell Grove;Drumhaw Trace;Drumhill Annex;Drumlane Cove;"
    "Drumnamether Glen;Drumreagh Pine;Drumscollop Crossing;Drumully Lane;Dub Station;"
    "Dundrum Bridge;Duneany Alley;Dungororan Lodge;Duntreagh Street;Dunygarton Loop;"
    "Dunygarton Shore;Edendarriff Hills;Edengrove Alley;Edenticullo Alley;Edenturcher Field;"
    "Edgewater Walk;Ellis Grove;Elsinore Mews;Emerald Garden;Empire Ferry;Erskine Route;"
    "Eshwary Glen;Everton Annex;Fallowfield Green;Feegarron Extension;Fenagh Road;"
    "Fennel Annex;Finwood Run;Florida Bayou;Flowbog Loop;Fountain Highway;Fox Spur;"
    "Galbraith Terrace;Galgorm Place;Gannet Extension;Gelvin Gardens;Genoa Row;Gilbourne Pass;"
    "Glanroy Place;Glasmullagh Arcade;Glenalt Grove;Glenbank Parkway;Glenbrook Trail;"
    "Glencon Green;Glencrew Highway;Gleneen Plaza;Glenkeen Garden;Glenmakeeran Gardens;"
    "Gleno Loop;Glenone Center;Glenviggan Creek;Gortalowry Arcade;Gortdale Freeway;"
    "Gortgare Park;Gortnagory Plaza;Grafton Field;Grantham Glen;Greenhaw Center;"
    "Greenhill Green;Greenside Annex;Gresham Annex;Greyabbey Landing;Grovehill Cove;"
    "Guildhall Manor;Gwyneth Drive;Hammond Drive;Hares Manor;Hartford Extension;Hawe Pine;"
    "Haypark Alley;Hazeldene Road;Hazeldene Square;Hebron Junction;Helensview Freeway;"
    "High Place;Hillfoot Mews;Holborn Rapids;Holly Viaduct;Holmview Hill;Howard Row;"
    "Inishroosk Manor;Islay Bayou;Islay Freeway;Jameson Rapids;Karrington Run;Kells Drive;"
    "Kenvarra Extension;Kernaghan Trace;Kernan Circle;Kevin Lane;Kew Stravenue;"
    "Kilberry Terrace;Kilclief Station;Kildress Motorway;Kilgort Loop;Killaghy Lane;"
    "Killane Rapids;Killeenan Lane;Killultagh Point;Killylacky Point;Killylea Annex;"
    "Killyleagh Annex;Killymallaght Center;Killyneese Terrace;Kilmagamish Gardens;"
    "Kilmood Pass;Kiln Park;Kilnappy Pass;Kilroonan Manor;Kilsmullen Road;Kings Alley;"
    "Kinnyglass Junction;Kinsale Park;Kipkarren Plaza;Knock Parkway;Knockadoo Row;"
    "Knockboy Highway;Knockchree Bayou;Knockmore Grove;Knowes Stravenue;Lansdown Field;"
    "Larksborough Annex;Lasts Spur;Leaburn Shore;Lealies Freeway;Leansmount Ferry;"
    "Leapoges Bend;Leck Trail;Legann Annex;Lehinch Manor;Leighery Center;Lenaderg Row;"
    "Lepper Avenue;Lessans Green;Lilliput Loop;Liminary Circle;Linenhall Bayou;Linley Bypass;"
    "Liscall Pass;Lisglass Extension;Lislap Landing;Lisnafeedy Glen;Lisraw Turnpike;"
    "Lissan Shore;Lissize Highway;Lizanne Heights;Lockside Lodge;Longhill Pass;"
    "Loughaghrey Grove;Loughans Pike;Loughill Square"
)
STREETS = tuple(_STREETS.split(";"))
