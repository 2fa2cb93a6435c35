"""Names of SpeciesNet and Wildlife Insights: `guid;class;order;family;genus;species;name`.

The first four are SpeciesNet's own constants; the leopard's number is that of public projects of
Wildlife Insights.
"""

BLANK = "f1856211-cfb7-4a5b-9158-c0f72fd09ee6;;;;;;blank"
ANIMAL = "1f689929-883d-4dae-958c-3d57ab5b6c16;;;;;;animal"
HUMAN = "990ae9dd-7a59-4344-afcb-1b7b21368000;mammalia;primates;hominidae;homo;sapiens;human"
VEHICLE = "e2895ed5-780b-48f6-8a11-9e27cb594511;;;;;;vehicle"
LEOPARD = "aa73e0ac-973d-461d-914a-d2fa6e4b98a4;mammalia;carnivora;felidae;panthera;pardus;leopard"
